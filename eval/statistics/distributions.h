// Distribution functions behind intervals and p-values, from base/math.h alone: the same bits on
// every machine. Errors are relative unless said otherwise, eps = 2^-52;
// tests/eval/statistics/distributions_test.cc holds them against 60-digit values.
#pragma once

namespace apatite::eval {

// The standard normal distribution.
//
// P(Z > x): for |x| < 1.25 from 1/2 - phi(x) (x + x^3/3 + x^5/15 + ..) (Abramowitz,
// Stegun 26.2.11), beyond it phi(x) times Mills' ratio as a continued fraction (26.2.14) of 128
// levels, evaluated from its end. Error below 16 eps where the result is normal.
double normal_upper(double x);
// P(Z < x).
double normal_lower(double x);
// The x with P(Z < x) = p, 0 < p < 1, by Halley's iteration on the functions above from Hastings'
// approximation (26.2.23). Error below 16 eps. For an interval at confidence c take the negative
// quantile of (1 - c) / 2, which has all digits.
double normal_quantile(double p);

// P(X > x) of chi-square with 1 <= df <= 200 degrees of freedom: the finite sums 26.4.4 and 26.4.5,
// whose terms are all positive. Error below (40 + 4 df + x) eps; 0 where x > 1490.
double chi_square_upper(double x, int df);

// The regularised incomplete beta function I_x(a, b), a, b > 0, 0 <= x <= 1.
//
// x^a (1-x)^b / B(a, b) in Loader's saddle-point form ("Fast and accurate computation of binomial
// probabilities", 2000), in which nothing large cancels, times the continued fraction of DiDonato
// and Morris (TOMS 18, 1992, algorithm 708, BFRAC), whose terms are positive up to the b-th,
// evaluated from its end; the complement for x beyond the mean. Error below (200 + 20 |ln result|)
// eps while a and b are below 10^8 (and a + b is exact).
double incomplete_beta(double a, double b, double x);
// The x with I_x(a, b) = p, 0 <= p <= 1: Newton's iteration on ln I, which is concave, kept inside
// a bracket.
double incomplete_beta_inverse(double a, double b, double p);

// P(|T| > |t|) of Student's t with df > 0 degrees of freedom (any real number).
double student_t_two_sided(double t, double df);

// n! / (k! (n-k)!) p^k (1-p)^(n-k), 0 < p < 1, by the same form of Loader.
double binomial_probability(double k, double n, double p);

}  // namespace apatite::eval
