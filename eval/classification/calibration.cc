#include "eval/classification/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>

#include "base/math.h"
#include "base/text.h"
#include "eval/statistics/row_sums.h"

namespace apatite::eval {
namespace {

double weight_of(const LabelledScores& cases, std::size_t i) {
  return cases.weight.empty() ? 1 : cases.weight[i];
}

// A reason that names the first score outside 0 .. 1; empty if there is none.
std::string not_probabilities(const LabelledScores& cases) {
  for (const double score : cases.scores) {
    if (score < 0 || score > 1) return "the scores are no probabilities: one is " + to_text(score);
  }
  return {};
}

// Sums over clusters. The variance of the sum of the terms t_c of G independent clusters is
// G/(G-1) sum (t_c - mean)^2; here the mean of the terms is 0.
class ClusterSums {
 public:
  explicit ClusterSums(const LabelledScores& cases)
      : cases_(cases), count_(static_cast<std::int64_t>(cases.scores.size())) {
    if (cases.cluster.empty()) return;
    const std::int32_t most = *std::max_element(cases.cluster.begin(), cases.cluster.end());
    present_.resize(static_cast<std::size_t>(most) + 1);
    for (const std::int32_t id : cases.cluster) present_[static_cast<std::size_t>(id)] = 1;
    count_ = std::count(present_.begin(), present_.end(), 1);
  }

  template <std::size_t kTerms>
  using Terms = std::array<double, kTerms>;

  // The sum over clusters of t_c t_c^T, times G/(G-1), where t_c adds `term(i)` over its cases.
  template <std::size_t kTerms, class Term>
  std::array<Terms<kTerms>, kTerms> products(const Term& term) const {
    if (cases_.cluster.empty()) return products_of<kTerms>(cases_.scores.size(), count_, term);
    std::vector<Terms<kTerms>> clusters(present_.size());
    for (std::size_t i = 0; i < cases_.scores.size(); ++i) {
      const Terms<kTerms> t = term(i);
      Terms<kTerms>& cluster = clusters[static_cast<std::size_t>(cases_.cluster[i])];
      for (std::size_t a = 0; a < kTerms; ++a) cluster[a] += t[a];
    }
    // A cluster number without a case adds nothing.
    return products_of<kTerms>(clusters.size(), count_,
                               [&](std::size_t id) { return clusters[id]; });
  }

 private:
  template <std::size_t kTerms, class Term>
  static std::array<Terms<kTerms>, kTerms> products_of(std::size_t rows, std::int64_t count,
                                                       const Term& term) {
    const auto sums = row_sums<kTerms * kTerms>(rows, [&](std::size_t row) {
      const Terms<kTerms> t = term(row);
      std::array<double, kTerms * kTerms> products;
      for (std::size_t k = 0; k < products.size(); ++k) products[k] = t[k / kTerms] * t[k % kTerms];
      return products;
    });
    const double factor =
        count > 1 ? static_cast<double>(count) / static_cast<double>(count - 1) : 1;
    std::array<Terms<kTerms>, kTerms> result;
    for (std::size_t k = 0; k < sums.size(); ++k) {
      result[k / kTerms][k % kTerms] = factor * sums[k];
    }
    return result;
  }

  const LabelledScores& cases_;
  std::vector<std::uint8_t> present_;  // whether a cluster has that number
  std::int64_t count_;
};

// The weighted mean of `loss(i)` with a Wald interval by linearisation, which is cut at 0.
template <class Loss>
Metric mean_metric(std::string_view id, const LabelledScores& cases, double z, const Loss& loss) {
  const auto [sum, total] = row_sums<2>(cases.scores.size(), [&](std::size_t i) {
    return std::array{weight_of(cases, i) * loss(i), weight_of(cases, i)};
  });
  const double mean = sum / total;
  const auto spread = ClusterSums(cases).products<1>([&, total = total](std::size_t i) {
    return std::array{weight_of(cases, i) * (loss(i) - mean) / total};
  });
  const double half = z * std::sqrt(spread[0][0]);
  return {.id = id,
          .value = mean,
          .interval = ConfidenceInterval{std::max(mean - half, 0.0), mean + half},
          .method = "delta"};
}

// ln(p / (1 - p)).
double logit(double p) { return logarithm(p) - logarithm_1p(-p); }

using Matrix2 = std::array<std::array<double, 2>, 2>;

Matrix2 inverse(const Matrix2& m) {
  const double determinant = m[0][0] * m[1][1] - m[0][1] * m[1][0];
  return {{{m[1][1] / determinant, -m[0][1] / determinant},
           {-m[1][0] / determinant, m[0][0] / determinant}}};
}

Matrix2 product(const Matrix2& a, const Matrix2& b) {
  Matrix2 c{};
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 2; ++j) c[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j];
  }
  return c;
}

// Logistic regression of the label on x, the logit of the probability: with intercept a and slope
// b, or with b = 1 if the slope is not free. Newton's method maximises the log likelihood, which is
// concave. A step that lowers the likelihood is too long and is halved.
class LogisticFit {
 public:
  LogisticFit(const LabelledScores& cases, std::span<const double> x, bool slope_is_free)
      : cases_(cases), x_(x), free_(slope_is_free) {
    constexpr int kSteps = 200;
    constexpr double kRelative = 1e-12;
    State state = at(0, 1);
    double a_step = 0;
    double b_step = 0;
    for (int i = 0; i < kSteps; ++i) {
      const State next = at(a_ + a_step, b_ + b_step);
      // A decrease within the rounding of the sum does not count.
      if (!(next.likelihood >= state.likelihood - kRelative * std::abs(state.likelihood))) {
        a_step /= 2;
        b_step /= 2;
        continue;
      }
      state = next;
      a_ += a_step;
      b_ += b_step;
      information_ = state.information;
      const Matrix2 inverted = inverse(state.information);
      a_step = inverted[0][0] * state.score[0] + inverted[0][1] * state.score[1];
      b_step = inverted[1][0] * state.score[0] + inverted[1][1] * state.score[1];
      if (!std::isfinite(a_step) || !std::isfinite(b_step)) return;
      converged_ = std::abs(a_step) <= kRelative * (1 + std::abs(a_)) &&
                   std::abs(b_step) <= kRelative * (1 + std::abs(b_));
      if (converged_) return;
    }
  }

  [[nodiscard]] bool converged() const { return converged_; }
  [[nodiscard]] double intercept() const { return a_; }
  [[nodiscard]] double slope() const { return b_; }

  // The covariance of intercept and slope from the likelihood. Where cases are clustered or
  // weighted it is the robust one (the sandwich of the clusters' scores).
  [[nodiscard]] Matrix2 covariance() const {
    const Matrix2 bread = inverse(information_);
    if (cases_.cluster.empty() && cases_.weight.empty()) return bread;
    const Matrix2 meat = ClusterSums(cases_).products<2>([&](std::size_t i) {
      const double residual = weight_of(cases_, i) *
                              ((cases_.positive[i] != 0 ? 1.0 : 0.0) - logistic(a_ + b_ * x_[i]));
      return std::array{residual, free_ ? residual * x_[i] : 0.0};
    });
    return product(product(bread, meat), bread);
  }

 private:
  struct State {
    double likelihood = 0;
    std::array<double, 2> score{};
    Matrix2 information{};
  };

  [[nodiscard]] State at(double a, double b) const {
    // Sums: the likelihood; the score for a and b; the information for aa, ab and bb.
    const auto sums = row_sums<6>(x_.size(), [&](std::size_t i) {
      const double eta = a + b * x_[i];
      const double e = exponential(-std::abs(eta));
      const double p = (eta >= 0 ? 1 : e) / (1 + e);
      const double w = weight_of(cases_, i);
      const bool positive = cases_.positive[i] != 0;
      // -ln p or -ln(1 - p): ln(1 + e^-|eta|), plus |eta| if the sign of eta is wrong.
      const double loss = logarithm_1p(e) + (positive == (eta >= 0) ? 0 : std::abs(eta));
      const double residual = w * ((positive ? 1.0 : 0.0) - p);
      const double v = w * p * (1 - p);
      return std::array{-w * loss, residual, residual * x_[i], v, v * x_[i], v * x_[i] * x_[i]};
    });
    State state;
    state.likelihood = sums[0];
    state.score = {sums[1], free_ ? sums[2] : 0};
    state.information = {
        {{sums[3], free_ ? sums[4] : 0}, {free_ ? sums[4] : 0, free_ ? sums[5] : 1}}};
    return state;
  }

  const LabelledScores& cases_;
  std::span<const double> x_;
  bool free_;
  bool converged_ = false;
  double a_ = 0;
  double b_ = 1;
  Matrix2 information_{};
};

Metric wald(std::string_view id, double value, double variance, double z, bool robust) {
  const double half = z * std::sqrt(variance);
  return {.id = id,
          .value = value,
          .interval = ConfidenceInterval{value - half, value + half},
          .method = robust ? "wald, robust" : "wald"};
}

// The reason why a logistic regression has no finite solution; empty if it may have one.
std::string no_regression(const LabelledScores& cases, std::span<const double> x) {
  double positive_low = 0, positive_high = 0, negative_low = 0, negative_high = 0;
  bool any_positive = false, any_negative = false;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (weight_of(cases, i) == 0) continue;
    const bool is_positive = cases.positive[i] != 0;
    bool& any = is_positive ? any_positive : any_negative;
    double& low = is_positive ? positive_low : negative_low;
    double& high = is_positive ? positive_high : negative_high;
    low = any ? std::min(low, x[i]) : x[i];
    high = any ? std::max(high, x[i]) : x[i];
    any = true;
  }
  if (!any_positive) return "no positives";
  if (!any_negative) return "no negatives";
  if (positive_low >= negative_high || negative_low >= positive_high) {
    return "the scores separate the classes, so that the slope has no finite estimate";
  }
  return {};
}

void add_regressions(std::vector<Metric>& metrics, const LabelledScores& cases, double z) {
  constexpr std::array<std::string_view, 3> kIds{"calibration_in_the_large",
                                                 "calibration_intercept", "calibration_slope"};
  const auto all_undefined = [&](const std::string& reason) {
    for (const std::string_view id : kIds) metrics.push_back(undefined_metric(id, reason));
  };
  for (const double score : cases.scores) {
    if (score != 0 && score != 1) continue;
    all_undefined("a probability is exactly " + to_text(score) + ", its logit is not finite");
    return;
  }
  std::vector<double> x(cases.scores.size());
#pragma omp parallel for
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = logit(cases.scores[i]);
  const std::string reason = no_regression(cases, x);
  if (reason.starts_with("no ")) {
    all_undefined(reason);
    return;
  }
  const bool robust = !cases.cluster.empty() || !cases.weight.empty();
  const LogisticFit large(cases, x, false);
  metrics.push_back(large.converged()
                        ? wald(kIds[0], large.intercept(), large.covariance()[0][0], z, robust)
                        : undefined_metric(kIds[0], "the fit does not converge"));
  if (!reason.empty()) {
    metrics.push_back(undefined_metric(kIds[1], reason));
    metrics.push_back(undefined_metric(kIds[2], reason));
    return;
  }
  const LogisticFit fit(cases, x, true);
  if (!fit.converged()) {
    metrics.push_back(undefined_metric(kIds[1], "the fit does not converge"));
    metrics.push_back(undefined_metric(kIds[2], "the fit does not converge"));
    return;
  }
  const Matrix2 covariance = fit.covariance();
  metrics.push_back(wald(kIds[1], fit.intercept(), covariance[0][0], z, robust));
  metrics.push_back(wald(kIds[2], fit.slope(), covariance[1][1], z, robust));
}

Metric log_loss(const LabelledScores& cases, double z) {
  for (std::size_t i = 0; i < cases.scores.size(); ++i) {
    const bool impossible = cases.positive[i] != 0 ? cases.scores[i] == 0 : cases.scores[i] == 1;
    if (impossible && weight_of(cases, i) > 0) {
      return undefined_metric("log_loss", cases.positive[i] != 0
                                              ? "a positive case has probability 0"
                                              : "a negative case has probability 1");
    }
  }
  return mean_metric("log_loss", cases, z, [&](std::size_t i) {
    if (weight_of(cases, i) == 0) return 0.0;
    return cases.positive[i] != 0 ? -logarithm(cases.scores[i]) : -logarithm_1p(-cases.scores[i]);
  });
}

}  // namespace

std::vector<CalibrationBin> calibration_bins(const LabelledScores& cases, int bins) {
  if (!not_probabilities(cases).empty()) return {};
  const auto count = static_cast<std::size_t>(bins);
  std::vector<CalibrationBin> result(count);
  std::vector<double> edges;
  for (std::size_t i = 0; i <= count; ++i) {
    edges.push_back(static_cast<double>(i) / static_cast<double>(count));
  }
  for (std::size_t i = 0; i < count; ++i) {
    result[i].low = edges[i];
    result[i].high = edges[i + 1];
  }
  for (std::size_t i = 0; i < cases.scores.size(); ++i) {
    const double p = cases.scores[i];
    const auto above = std::lower_bound(edges.begin() + 1, edges.end(), p);
    CalibrationBin& bin = result[static_cast<std::size_t>(above - edges.begin() - 1)];
    const double w = weight_of(cases, i);
    ++bin.cases;
    bin.weight += w;
    bin.mean_probability += w * p;
    if (cases.positive[i] != 0) bin.observed += w;
  }
  for (CalibrationBin& bin : result) {
    if (bin.weight == 0) continue;
    bin.mean_probability /= bin.weight;
    bin.observed /= bin.weight;
  }
  return result;
}

std::vector<Metric> calibration_metrics(const LabelledScores& cases, int bins, double confidence) {
  const double z = normal_factor(confidence);
  std::vector<Metric> metrics;
  if (const std::string reason = not_probabilities(cases); !reason.empty()) {
    for (const std::string_view id :
         {"brier", "log_loss", "calibration_in_the_large", "calibration_intercept",
          "calibration_slope", "expected_calibration_error"}) {
      metrics.push_back(undefined_metric(id, reason));
    }
    return metrics;
  }
  metrics.push_back(mean_metric("brier", cases, z, [&](std::size_t i) {
    const double miss = cases.scores[i] - (cases.positive[i] != 0 ? 1 : 0);
    return miss * miss;
  }));
  metrics.push_back(log_loss(cases, z));
  add_regressions(metrics, cases, z);
  double gap = 0;
  double total = 0;
  for (const CalibrationBin& bin : calibration_bins(cases, bins)) {
    gap += bin.weight * std::abs(bin.observed - bin.mean_probability);
    total += bin.weight;
  }
  metrics.push_back({.id = "expected_calibration_error", .value = gap / total});
  return metrics;
}

double net_benefit(double tp, double fp, double total, double threshold) {
  return tp / total - fp / total * (threshold / (1 - threshold));
}

std::vector<DecisionPoint> decision_curve(const LabelledScores& cases,
                                          ThresholdOperator comparison) {
  if (!not_probabilities(cases).empty()) return {};
  constexpr int kSteps = 100;
  // The cases by the number of thresholds i/100 at which they are predicted positive.
  std::vector<double> tp(kSteps, 0), fp(kSteps, 0);
  double positives = 0;
  double total = 0;
  std::vector<double> thresholds;
  for (int i = 1; i < kSteps; ++i) thresholds.push_back(static_cast<double>(i) / kSteps);
  for (std::size_t i = 0; i < cases.scores.size(); ++i) {
    const double p = cases.scores[i];
    const auto end = comparison == ThresholdOperator::kGreater
                         ? std::lower_bound(thresholds.begin(), thresholds.end(), p)
                         : std::upper_bound(thresholds.begin(), thresholds.end(), p);
    const auto thresholds_met = static_cast<std::size_t>(end - thresholds.begin());
    const double w = weight_of(cases, i);
    (cases.positive[i] != 0 ? tp : fp)[thresholds_met] += w;
    if (cases.positive[i] != 0) positives += w;
    total += w;
  }
  std::vector<DecisionPoint> curve(thresholds.size());
  double tp_sum = 0;
  double fp_sum = 0;
  for (std::size_t i = thresholds.size(); i-- > 0;) {
    tp_sum += tp[i + 1];
    fp_sum += fp[i + 1];
    curve[i] = {.threshold = thresholds[i],
                .model = net_benefit(tp_sum, fp_sum, total, thresholds[i]),
                .all = net_benefit(positives, total - positives, total, thresholds[i])};
  }
  return curve;
}

}  // namespace apatite::eval
