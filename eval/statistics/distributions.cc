#include "eval/statistics/distributions.h"

#include <array>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/math.h"

namespace apatite::eval {
namespace {

constexpr double kInverseSqrt2Pi = 0x1.9884533d43651p-2;  // 1 / sqrt(2 pi)
constexpr double kInverse2Pi = 0x1.45f306dc9c883p-3;      // 1 / (2 pi)
constexpr double kTwoOverSqrtPi = 0x1.20dd750429b6dp+0;

// The density of the standard normal distribution; x^2 in two parts.
double normal_density(double x) {
  const double square = x * x;
  const double square_low = std::fma(x, x, -square);
  return kInverseSqrt2Pi * exponential(-0.5 * square) * (1 - 0.5 * square_low);
}

// P(0 < Z < x) for 0 <= x < 1.25.
double normal_centre(double x) {
  const double square = x * x;
  double term = x;
  double sum = x;
  for (int n = 3; term > sum * 0x1p-60; n += 2) {
    term *= square / n;
    sum += term;
  }
  return normal_density(x) * sum;
}

// P(Z > x) / phi(x) for x >= 1.25: 1 / (x + 1 / (x + 2 / (x + 3 / ..))). What is cut off is below
// 2^-60 at 1.25 and falls with x.
double mills_ratio(double x) {
  double tail = x;
  for (int level = 400; level >= 1; --level) tail = x + level / tail;
  return 1 / tail;
}

constexpr double kCentre = 1.25;

// ln Gamma(z + 1) - (z + 1/2) ln z + z - ln sqrt(2 pi), z > 0: the error of Stirling's formula.
// From 16 on the series 1/(12 z) - 1/(360 z^3) + .., whose next term is below 2^-62; below 16 by
// the step from z + 1 to z.
double stirling_error(double z) {
  double steps = 0;
  while (z < 16) {
    steps += std::fma(z + 0.5, logarithm_1p(1 / z), -1.0);
    z += 1;
  }
  constexpr std::array<double, 7> kSeries{1.0 / 12,   -1.0 / 360,        1.0 / 1260, -1.0 / 1680,
                                          1.0 / 1188, -691.0 / 360360.0, 1.0 / 156};
  const double inverse_square = 1 / (z * z);
  double sum = kSeries.back();
  for (std::size_t i = kSeries.size() - 1; i-- > 0;) {
    sum = std::fma(sum, inverse_square, kSeries[i]);
  }
  return sum / z + steps;
}

// a ln(a / m) + m - a, where `difference` is a - m with a smaller error than a subtraction would
// have.
double deviance(double a, double m, double difference) {
  if (std::abs(difference) >= 0.1 * (a + m)) return a * logarithm(a / m) - difference;
  const double v = difference / (a + m);
  const double square = v * v;
  double sum = difference * v;
  double power = 2 * a * v;
  for (int n = 3;; n += 2) {
    power *= square;
    const double next = sum + power / n;
    if (next == sum) return sum;
    sum = next;
  }
}

// a - (a + b) x, which equals (a + b) y - b. The smaller of x and y is used, because its rounding
// matters less.
double excess(double a, double b, double x, double y) {
  if (x > y) return -excess(b, a, y, x);
  const double n = a + b;
  const double m = n * x;
  return (a - m) - std::fma(n, x, -m);
}

// exp of  ln[Gamma(a+b+1) / (Gamma(a+1) Gamma(b+1)) x^a y^b]  less  ln sqrt((a+b) / (2 pi a b)),
// where y = 1 - x.
double saddle_point(double a, double b, double x, double y) {
  const double difference = excess(a, b, x, y);
  const double exponent = stirling_error(a + b) - stirling_error(a) - stirling_error(b) -
                          deviance(a, (a + b) * x, difference) -
                          deviance(b, (a + b) * y, -difference);
  return exponential(exponent);
}

// x^a y^b / B(a, b).
double beta_front(double a, double b, double x, double y) {
  return std::sqrt(a * b / (a + b) * kInverse2Pi) * saddle_point(a, b, x, y);
}

struct FractionLevel {
  double alpha;
  double beta;
};

// The n-th level (from 0) of BFRAC; y = 1 - x.
FractionLevel bfrac_level(double a, double b, double x, double y, double lambda, double n) {
  const double even = a + 2 * n - 1;
  const double alpha =
      n == 0 ? 1 : (a + n - 1) / even * ((a + b + n - 1) / even) * n * (b - n) * x * x;
  const double first = n == 0 ? 0 : n * (b - n) * x / even;
  return {alpha, n + first + (a + n) / (a + 2 * n + 1) * (lambda + 1 + n * (1 + y))};
}

// alpha_0 / (beta_0 + alpha_1 / (beta_1 + ..)). The first loop finds how many levels count, the
// second adds them from the end, where errors die out.
double bfrac(double a, double b, double x, double y) {
  const double lambda = excess(a, b, x, y);
  double levels = 0;
  // Convergents A / B with B scaled to 1.
  double before = 0;
  double now = 0;
  double inverse = 0;  // B of the level before / B of this one
  for (;; ++levels) {
    const FractionLevel level = bfrac_level(a, b, x, y, lambda, levels);
    const double scale = 1 / (level.beta + level.alpha * inverse);
    const double next = levels == 0 ? scale : (level.beta * now + level.alpha * before) * scale;
    before = now * scale;
    inverse = scale;
    if (levels > 0 && std::abs(next - now) <= 0x1p-54 * std::abs(next)) break;
    now = next;
    if (levels > 1e7) {
      throw Error(ErrorKind::kNumeric, "incomplete beta function", "it does not converge",
                  "a and b must be finite and positive");
    }
  }
  double tail = 0;
  for (auto k = static_cast<std::int64_t>(levels); k >= 0; --k) {
    const FractionLevel level = bfrac_level(a, b, x, y, lambda, static_cast<double>(k));
    tail = level.alpha / (level.beta + tail);
  }
  return tail;
}

// I_x(a, b) where x and y = 1 - x are both known to their last place.
double beta_of(double a, double b, double x, double y) {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  if (x * (a + b) <= a) return beta_front(a, b, x, y) * bfrac(a, b, x, y);
  return 1 - beta_front(b, a, y, x) * bfrac(b, a, y, x);
}

void check_shape(double a, double b) {
  if (!(a > 0) || !(b > 0) || std::isinf(a + b)) {
    throw Error(ErrorKind::kInternal, "incomplete beta function", "a and b must be positive");
  }
}

}  // namespace

double normal_upper(double x) {
  if (x < 0) return 1 - normal_upper(-x);
  if (x < kCentre) return 0.5 - normal_centre(x);
  return x > 40 ? 0 : normal_density(x) * mills_ratio(x);
}

double normal_lower(double x) { return normal_upper(-x); }

double normal_quantile(double p) {
  if (p == 0) return -std::numeric_limits<double>::infinity();
  if (p == 1) return std::numeric_limits<double>::infinity();
  if (!(p > 0 && p < 1)) {
    throw Error(ErrorKind::kInternal, "normal quantile", "the probability is not in 0 .. 1");
  }
  if (p == 0.5) return 0;
  // The lower half: 1 - p is exact above 1/2.
  const bool upper = p > 0.5;
  const double q = upper ? 1 - p : p;
  const double t = std::sqrt(-2 * logarithm(q));
  double x = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                     (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  // Find x > 0 with P(Z > x) = q. For q near 1/2 use the probability between 0 and x.
  if (x < 0) x = 0;
  for (int i = 0; i < 3; ++i) {
    const double excess = x < kCentre ? (0.5 - q) - normal_centre(x) : normal_upper(x) - q;
    const double step = excess / normal_density(x);
    x += step / (1 - 0.5 * x * step);
    if (x < 0) x = 0;
  }
  return upper ? x : -x;
}

double chi_square_upper(double x, int df) {
  if (df < 1 || df > 200) {
    throw Error(ErrorKind::kUsage, "chi-square",
                "it has " + std::to_string(df) + " degrees of freedom", "1 to 200 are supported");
  }
  if (!(x > 0)) return 1;
  const double half = 0.5 * x;
  const double front = exponential(-half);
  double sum = 0;
  if (df % 2 == 0) {
    double term = front;
    for (int j = 1; j <= df / 2; ++j) {
      sum += term;
      term *= half / j;
    }
    return std::fmin(sum, 1);
  }
  double term = front * std::sqrt(half) * kTwoOverSqrtPi;
  for (int j = 1; j <= (df - 1) / 2; ++j) {
    sum += term;
    term *= half / (j + 0.5);
  }
  return std::fmin(2 * normal_upper(std::sqrt(x)) + sum, 1);
}

double incomplete_beta(double a, double b, double x) {
  check_shape(a, b);
  return beta_of(a, b, x, 1 - x);
}

double incomplete_beta_inverse(double a, double b, double p) {
  check_shape(a, b);
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  double low = 0;
  double high = 1;
  double x = a / (a + b);
  for (int i = 0; i < 2000 && low < high; ++i) {
    const double value = incomplete_beta(a, b, x);
    if (value == p) return x;
    (value < p ? low : high) = x;
    const double slope = beta_front(a, b, x, 1 - x) / (x * (1 - x));
    double next = x - logarithm(value / p) * value / slope;
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (std::abs(next - x) <= 0x1p-53 * x || next == x) return next;
    x = next;
  }
  return x;
}

double student_t_two_sided(double t, double df) {
  if (!(df > 0)) {
    throw Error(ErrorKind::kInternal, "Student's t", "the degrees of freedom are not positive");
  }
  const double square = t * t;
  if (square == 0) return 1;
  if (std::isinf(square)) return 0;
  return beta_of(0.5 * df, 0.5, df / (df + square), square / (df + square));
}

double binomial_probability(double k, double n, double p) {
  if (k < 0 || k > n) return 0;
  if (k == 0) return exponential(n * logarithm_1p(-p));
  if (k == n) return exponential(n * logarithm(p));
  return std::sqrt(n / (k * (n - k)) * kInverse2Pi) * saddle_point(k, n - k, p, 1 - p);
}

}  // namespace apatite::eval
