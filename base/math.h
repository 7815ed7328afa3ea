// The project's own elementary functions in binary64: the same bits on every machine, whatever the
// C library. tests/base/math_test.cc holds the bounds below against MPFR. The caller sets the
// floating-point environment where another library may have changed it
// (engine/runtime/fp_environment.h).
#pragma once

namespace apatite {

// e^x. Error below 0.71 ulp, and below 0.86 where the result is subnormal and so rounded twice.
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
double exponential(double x);

// ln x. Error below 0.6 ulp.
//
// x = 2^k (1 + f) with 1 + f between 1/sqrt 2 and sqrt 2, and ln(1 + f) = 2 atanh s = 2s + 2s^3 q,
// s = f / (2 + f) kept as s + s_low, q the series 1/3 + s^2/5 + .. + s^20/23. k ln 2 in two parts
// as above; its first part and 2s are summed exactly in two parts (Knuth 1969), then all small
// parts are added at once.
//
// The bound: the last addition 0.5; |s| <= 0.1716, so 2s^3 q is below 0.01 of 2s and its three
// roundings, with those of q, below 0.03 of 2^-53 |2s|, which is twice that in ulps; the series'
// end below 0.001. Where k is not 0 the result is above 0.34 and the small parts below 0.004. ln 0
// is -infinity; the logarithm of a negative number is NaN; NaN stays NaN.
double logarithm(double x);

// ln(1 + x) without the rounding of 1 + x: the same with f = x, or with 1 + x in two parts where x
// is not between 1/sqrt 2 - 1 and sqrt 2 - 1. Error below 0.6 ulp.
double logarithm_1p(double x);

// The logistic function 1 / (1 + e^-x), for x < 0 as e^x / (1 + e^x), so that nothing overflows.
double logistic(double x);

}  // namespace apatite
