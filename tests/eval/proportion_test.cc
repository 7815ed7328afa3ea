#include "eval/proportion.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "eval/special.h"

namespace apatite {
namespace {

// The chance that the 95 % interval of n cases holds p: at the midpoints of 400 equal parts of 0 to
// 1, exact up to rounding, by summing over every outcome.
std::vector<double> coverage(ProportionMethod method, int n) {
  constexpr int kSteps = 400;
  std::vector<Interval> intervals;
  for (int x = 0; x <= n; ++x) intervals.push_back(proportion_interval(method, x, n, 0.95));
  std::vector<double> result;
  for (int i = 0; i < kSteps; ++i) {
    const double p = (i + 0.5) / kSteps;
    double sum = 0;
    for (int x = 0; x <= n; ++x) {
      const Interval& interval = intervals[static_cast<std::size_t>(x)];
      if (interval.low <= p && p <= interval.high) sum += binomial_probability(x, n, p);
    }
    result.push_back(sum);
  }
  return result;
}

// The mean of the coverage over uniform p: the sum over x of the integral of C(n, x) p^x
// (1-p)^(n-x) between the limits, which is that of a beta distribution over n + 1.
double mean_coverage(ProportionMethod method, int n) {
  double sum = 0;
  for (int x = 0; x <= n; ++x) {
    const Interval interval = proportion_interval(method, x, n, 0.95);
    sum += incomplete_beta(x + 1, n - x + 1, interval.high) -
           incomplete_beta(x + 1, n - x + 1, interval.low);
  }
  return sum / (n + 1);
}

TEST(Proportion, CoversAsAgrestiAndCoullFound) {
  // Table 1 of Agresti and Coull 1998: mean coverage of nominal 95 % intervals over uniform p, to
  // three decimals.
  struct Row {
    int n;
    double exact, score, wald;
  };
  for (const Row& row :
       {Row{5, 0.990, 0.955, 0.641}, Row{15, 0.980, 0.953, 0.819}, Row{30, 0.973, 0.952, 0.875}}) {
    EXPECT_EQ(fixed(mean_coverage(ProportionMethod::kClopperPearson, row.n), 3),
              fixed(row.exact, 3));
    EXPECT_EQ(fixed(mean_coverage(ProportionMethod::kWilson, row.n), 3), fixed(row.score, 3));
    EXPECT_EQ(fixed(mean_coverage(ProportionMethod::kWald, row.n), 3), fixed(row.wald, 3));
  }
}

TEST(Proportion, ClopperAndPearsonNeverCoverLess) {
  for (const int n : {1, 2, 7, 20, 60}) {
    for (const double covered : coverage(ProportionMethod::kClopperPearson, n)) {
      EXPECT_GE(covered, 0.95 - 1e-12) << n;
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
}  // namespace apatite
