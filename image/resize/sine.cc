#include "image/resize/sine.h"

#include <array>
#include <cmath>

namespace apatite::image {
namespace {

// A number as the unevaluated sum of two doubles, |low| at most half an ulp of high. The operations
// are those of T. J. Dekker, "A floating-point technique for extending the available precision",
// Numer. Math. 18 (1971), with fma for the error of a product; relative error below 2^-100.
struct Pair {
  double high;
  double low;
};

// Exact; |a| >= |b| or a = 0.
Pair quick_sum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

// Exact (D. E. Knuth).
Pair sum_of(double a, double b) {
  const double sum = a + b;
  const double part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}

// Exact.
Pair product_of(double a, double b) {
  const double product = a * b;
  return {product, std::fma(a, b, -product)};
}

Pair operator+(const Pair& a, const Pair& b) {
  const Pair high = sum_of(a.high, b.high);
  const Pair low = sum_of(a.low, b.low);
  const Pair middle = quick_sum(high.high, high.low + low.high);
  return quick_sum(middle.high, middle.low + low.low);
}

Pair operator*(const Pair& a, const Pair& b) {
  const Pair product = product_of(a.high, b.high);
  return quick_sum(product.high, product.low + (a.high * b.low + a.low * b.high));
}

Pair operator-(const Pair& a) { return {-a.high, -a.low}; }

// pi / 2 as the sum of three doubles: 159 bits.
constexpr double kHalfPi1 = 0x1.921fb54442d18p+0;
constexpr double kHalfPi2 = 0x1.1a62633145c07p-54;
constexpr double kHalfPi3 = -0x1.f1976b7ed8fbcp-110;

// 1 / n! for a coefficient of the Taylor series, as a pair: n! is exact in binary64 up to 22!.
constexpr double factorial(int n) { return n < 2 ? 1.0 : n * factorial(n - 1); }

Pair inverse_factorial(int n) {
  const double f = factorial(n);
  const double high = 1.0 / f;
  return {high, std::fma(-high, f, 1.0) / f};
}

// 1/first! - s/(first+2)! + s^2/(first+4)! - ..., s = r^2 <= (pi/4)^2. The terms from s^6 on
// are below 2^-32 of the sum, so binary64 is enough for them; what is left out is below 2^-100.
Pair series(const Pair& s, int first) {
  constexpr int kPairs = 6;
  constexpr int kTerms = 14;
  double tail = 0;
  for (int i = kTerms - 1; i >= kPairs; --i) tail = 1.0 / factorial(first + 2 * i) - s.high * tail;
  Pair sum{tail, 0};
  for (int i = kPairs - 1; i >= 0; --i) sum = inverse_factorial(first + 2 * i) + -(s * sum);
  return sum;
}

}  // namespace

double sine(double x) {
  const double quarter = std::nearbyint(x * (1 / kHalfPi1));
  const auto turn = static_cast<int>(quarter) & 3;
  // x - quarter * pi / 2; the first difference is exact (P. H. Sterbenz).
  const Pair first = product_of(quarter, kHalfPi1);
  const Pair second = product_of(quarter, kHalfPi2);
  const Pair r =
      (Pair{x - first.high, 0} + Pair{-first.low, 0}) + -second + Pair{-quarter * kHalfPi3, 0};
  const Pair square = r * r;
  const Pair result = turn % 2 == 0 ? r * series(square, 1) : series(square, 0);
  return turn >= 2 ? -result.high : result.high;
}

}  // namespace apatite::image
