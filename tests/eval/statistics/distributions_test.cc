// Distribution functions against 60-digit values (tests/goldens/eval/special.py).
#include "eval/statistics/distributions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iostream>
#include <limits>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "tests/support/source_dir.h"

namespace apatite::eval {
namespace {

constexpr double kEps = 0x1p-52;

const Json& goldens() {
  static const Json all = [] {
    const auto path = source_dir() / "tests/goldens/eval/special.json";
    return parse_json(read_file(path, 1 << 20), path.string());
  }();
  return all;
}

using Row = std::vector<double>;

// Each golden row is the arguments and the value. Values below the normal range are not held to a
// relative bound.
void expect_rows(const char* name, std::size_t at_least,
                 const std::function<double(const Row&)>& function,
                 const std::function<double(const Row&)>& bound_in_eps) {
  std::size_t count = 0;
  double worst = 0;
  for (const Json& golden : goldens().at(name)) {
    const auto row = golden.get<Row>();
    const double expected = row.back();
    if (expected != 0 && std::abs(expected) < std::numeric_limits<double>::min()) continue;
    const double value = function(row);
    const double share =
        expected == 0 ? std::abs(value) : std::abs(value - expected) / std::abs(expected) / kEps;
    EXPECT_LE(share, bound_in_eps(row)) << name << " " << golden.dump() << ": " << to_text(value);
    worst = std::max(worst, share / bound_in_eps(row));
    ++count;
  }
  EXPECT_GE(count, at_least);
  std::cout << name << ": worst error " << worst << " of its bound\n";
}

TEST(Special, NormalUpperTail) {
  expect_rows(
      "normal_upper", 200, [](const Row& r) { return normal_upper(r[0]); },
      [](const Row&) { return 16.0; });
  EXPECT_EQ(normal_upper(0), 0.5);
  EXPECT_EQ(normal_upper(50), 0.0);
  EXPECT_EQ(normal_lower(-1.5), normal_upper(1.5));
}

TEST(Special, NormalQuantile) {
  expect_rows(
      "normal_quantile", 80, [](const Row& r) { return normal_quantile(r[0]); },
      [](const Row&) { return 16.0; });
  EXPECT_EQ(normal_quantile(0.5), 0.0);
  EXPECT_EQ(normal_quantile(0), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(normal_quantile(1), std::numeric_limits<double>::infinity());
  EXPECT_THROW(normal_quantile(1.5), Error);
  EXPECT_THROW(normal_quantile(std::numeric_limits<double>::quiet_NaN()), Error);
}

TEST(Special, ChiSquareUpperTail) {
  expect_rows(
      "chi_square_upper", 80,
      [](const Row& r) { return chi_square_upper(r[0], static_cast<int>(r[1])); },
      [](const Row& r) { return 40 + 4 * r[1] + r[0]; });
  EXPECT_EQ(chi_square_upper(0, 3), 1.0);
  EXPECT_THROW(chi_square_upper(1, 0), Error);
  EXPECT_THROW(chi_square_upper(1, 201), Error);
}

double beta_bound(double value) { return 200 + 20 * std::abs(std::log(value)); }

TEST(Special, IncompleteBeta) {
  expect_rows(
      "incomplete_beta", 150, [](const Row& r) { return incomplete_beta(r[0], r[1], r[2]); },
      [](const Row& r) { return beta_bound(r[3]); });
  EXPECT_EQ(incomplete_beta(2, 3, 0), 0.0);
  EXPECT_EQ(incomplete_beta(2, 3, 1), 1.0);
  EXPECT_THROW(incomplete_beta(0, 1, 0.5), Error);
}

// Back and forth, for the probabilities of intervals; x is as good as I_x, whose slope divides.
TEST(Special, IncompleteBetaInverse) {
  int count = 0;
  for (const double a : {0.5, 1.0, 3.0, 40.0, 5000.0, 2e6}) {
    for (const double b : {1.0, 2.5, 80.0, 12345.0, 3e6}) {
      for (const double p : {1e-12, 0.005, 0.025, 0.4, 0.9}) {
        const double x = incomplete_beta_inverse(a, b, p);
        const double slope =
            (incomplete_beta(a, b, x * (1 + 1e-6)) - incomplete_beta(a, b, x * (1 - 1e-6))) /
            (2e-6 * x);
        EXPECT_NEAR(incomplete_beta(a, b, x), p,
                    (beta_bound(p) * p + 4 * slope * x) * kEps + (p > 0.5 ? 4 * kEps : 0))
            << a << " " << b << " " << p;
        ++count;
      }
    }
  }
  EXPECT_EQ(count, 150);
  EXPECT_EQ(incomplete_beta_inverse(2, 3, 0), 0.0);
  EXPECT_EQ(incomplete_beta_inverse(2, 3, 1), 1.0);
  // Closed forms: I_x(1, n) = 1 - (1 - x)^n, I_x(n, 1) = x^n.
  EXPECT_NEAR(incomplete_beta_inverse(1, 2, 0.75), 0.5, 4 * kEps);
  EXPECT_NEAR(incomplete_beta_inverse(2, 1, 0.0625), 0.25, 4 * kEps);
}

TEST(Special, StudentT) {
  expect_rows(
      "student_t_two_sided", 30, [](const Row& r) { return student_t_two_sided(r[0], r[1]); },
      [](const Row& r) { return beta_bound(r[2]); });
  EXPECT_EQ(student_t_two_sided(0, 5), 1.0);
}

TEST(Special, BinomialProbability) {
  expect_rows(
      "binomial_probability", 60,
      [](const Row& r) { return binomial_probability(r[0], r[1], r[2]); },
      [](const Row& r) { return beta_bound(r[3]); });
  EXPECT_EQ(binomial_probability(-1, 3, 0.5), 0.0);
}

}  // namespace
}  // namespace apatite::eval
