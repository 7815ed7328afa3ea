// The project's own exponential function.
#pragma once

namespace apatite {

// e^x in binary64, the same bits on every machine. Error below 0.71 ulp, and below 0.86 where the
// result is subnormal and so rounded twice; tests/layers/exp_test.cc holds that against MPFR.
//
// x = k ln 2 + r with |r| <= ln 2 / 2: ln 2 in two parts, the first with 41 bits so that k times it
// is exact (Cody, Waite 1980, chapter 6); r is kept as r + r_low. e^r = 1 + (r + (r_low + r^2 q)),
// q the Taylor series to r^12, each step one written fma; 1 + r is summed exactly in two parts
// (Dekker 1971). Then times 2^k.
//
// The bound, in units of 2^-53 for e^r >= 0.707: the last addition 0.5; r_low e^r taken as r_low
// 0.074; r^2, its product with q and the sum with r_low 0.028 + 0.032 + 0.032; q and its
// coefficients 0.042; the series' end 0.001.
// Above 709.78 it is infinity, below -745.14 it is 0; NaN stays NaN.
// The caller sets the floating-point environment (engine/fp_environment.h).
double exponential(double x);

}  // namespace apatite
