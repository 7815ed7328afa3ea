#include "eval/statistics/proportion.h"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

#include "base/error.h"
#include "eval/statistics/distributions.h"

namespace apatite::eval {
namespace {

// The chance that the 95 % interval of n cases holds p, exact up to rounding, by summing over every
// outcome.
double coverage_at(ProportionMethod method, int n, double p) {
  double sum = 0;
  for (int x = 0; x <= n; ++x) {
    const ConfidenceInterval interval = proportion_interval(method, x, n, 0.95);
    if (interval.low <= p && p <= interval.high) sum += binomial_probability(x, n, p);
  }
  return sum;
}

// The mean of the coverage over uniform p: the sum over x of the integral of C(n, x) p^x
// (1-p)^(n-x) between the limits, which is that of a beta distribution over n + 1.
double mean_coverage(ProportionMethod method, int n) {
  double sum = 0;
  for (int x = 0; x <= n; ++x) {
    const ConfidenceInterval interval = proportion_interval(method, x, n, 0.95);
    sum += incomplete_beta(x + 1, n - x + 1, interval.high) -
           incomplete_beta(x + 1, n - x + 1, interval.low);
  }
  return sum / (n + 1);
}

constexpr std::array<ProportionMethod, 4> kMethods{
    ProportionMethod::kWald, ProportionMethod::kWilson, ProportionMethod::kClopperPearson,
    ProportionMethod::kAgrestiCoull};

// Over uniform p, the measure by which Agresti and Coull 1998 compare these intervals. The numbers
// are sums over all outcomes of regularised beta integrals, by mpmath with 30 digits
// (tests/goldens/eval/coverage.py).
TEST(Proportion, HasTheMeanCoverageOfItsDefinition) {
  struct Row {
    int n;
    std::array<double, 4> coverage;
  };
  for (const Row& row : {Row{5, {0.640577, 0.955201, 0.990419, 0.966551}},
                         Row{15, {0.818835, 0.953424, 0.979763, 0.962963}},
                         Row{30, {0.874913, 0.952403, 0.973390, 0.960141}}}) {
    for (std::size_t i = 0; i < kMethods.size(); ++i) {
      EXPECT_NEAR(mean_coverage(kMethods[i], row.n), row.coverage[i], 0.5000001e-6)
          << name_of(kMethods[i]) << " " << row.n;
    }
  }
}

// At single p, whose coverage jumps with n: the sort of example with which Brown, Cai and DasGupta
// 2001 show that Wald's interval cannot be trusted for any n. Numbers as above.
TEST(Proportion, HasTheCoverageOfItsDefinition) {
  struct Row {
    double p;
    int n;
    std::array<double, 4> coverage;
  };
  for (const Row& row : {Row{0.5, 17, {0.950958, 0.950958, 0.950958, 0.950958}},
                         Row{0.5, 40, {0.919310, 0.961523, 0.961523, 0.961523}},
                         Row{0.2, 30, {0.946328, 0.963861, 0.979984, 0.963861}},
                         Row{0.2, 98, {0.928100, 0.957596, 0.968998, 0.957596}},
                         Row{0.1, 50, {0.878917, 0.970308, 0.970308, 0.970308}},
                         Row{0.03, 20, {0.455947, 0.978992, 0.978992, 0.978992}}}) {
    for (std::size_t i = 0; i < kMethods.size(); ++i) {
      EXPECT_NEAR(coverage_at(kMethods[i], row.n, row.p), row.coverage[i], 0.5000001e-6)
          << name_of(kMethods[i]) << " " << row.n << " " << row.p;
    }
  }
}

TEST(Proportion, ClopperAndPearsonNeverCoverLess) {
  for (const int n : {1, 2, 7, 20, 60}) {
    for (int i = 0; i < 400; ++i) {
      const double p = (i + 0.5) / 400;
      EXPECT_GE(coverage_at(ProportionMethod::kClopperPearson, n, p), 0.95 - 1e-12)
          << n << " " << p;
    }
    // Agresti and Coull's own is conservative in the mean, and below 0.95 only where p is extreme.
    EXPECT_GE(mean_coverage(ProportionMethod::kAgrestiCoull, n), 0.95) << n;
  }
}

TEST(Proportion, KnowsItsMethodsByName) {
  for (const std::string_view name : proportion_method_names()) {
    EXPECT_EQ(name_of(proportion_method(name)), name);
  }
  EXPECT_EQ(proportion_method_names().size(), 5U);
  EXPECT_THROW((void)proportion_method("jeffreys"), Error);
}

}  // namespace
}  // namespace apatite::eval
