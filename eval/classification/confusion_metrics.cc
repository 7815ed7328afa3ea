// The metrics that are functions of TP, FN, FP and TN. Each formula is written once; its
// derivatives follow by forward differentiation.
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/math.h"
#include "eval/classification/confusion.h"

namespace apatite::eval {
namespace {

// A value and its derivatives with respect to the four cells.
struct Dual {
  double value = 0;
  Cells by{};
};

Dual operator+(const Dual& a, const Dual& b) {
  Dual sum{a.value + b.value};
  for (std::size_t i = 0; i < 4; ++i) sum.by[i] = a.by[i] + b.by[i];
  return sum;
}
Dual operator*(double a, const Dual& b) {
  Dual product{a * b.value};
  for (std::size_t i = 0; i < 4; ++i) product.by[i] = a * b.by[i];
  return product;
}
Dual operator-(const Dual& a, const Dual& b) { return a + -1.0 * b; }
Dual operator*(const Dual& a, const Dual& b) {
  Dual product{a.value * b.value};
  for (std::size_t i = 0; i < 4; ++i) product.by[i] = a.by[i] * b.value + a.value * b.by[i];
  return product;
}
Dual operator/(const Dual& a, const Dual& b) {
  Dual quotient{a.value / b.value};
  for (std::size_t i = 0; i < 4; ++i) {
    quotient.by[i] = (a.by[i] - quotient.value * b.by[i]) / b.value;
  }
  return quotient;
}
Dual root(const Dual& a) {
  Dual result{std::sqrt(a.value)};
  for (std::size_t i = 0; i < 4; ++i) result.by[i] = a.by[i] / (2 * result.value);
  return result;
}
Dual constant(double value) { return {value, {}}; }

struct DualCells {
  Dual tp, fn, fp, tn;
};

DualCells dual(const Cells& cells) {
  return {{cells[0], {1, 0, 0, 0}},
          {cells[1], {0, 1, 0, 0}},
          {cells[2], {0, 0, 1, 0}},
          {cells[3], {0, 0, 0, 1}}};
}

Dual sensitivity(const DualCells& c) { return c.tp / (c.tp + c.fn); }
Dual specificity(const DualCells& c) { return c.tn / (c.tn + c.fp); }

// h^T S h, h the derivatives of g, times the small-sample factor of the clusters.
double variance(const Dual& g, const Confusion& confusion, std::int64_t clusters) {
  double sum = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 4; ++j) sum += g.by[i] * confusion.products[i][j] * g.by[j];
  }
  if (confusion.clustered || confusion.weighted) {
    if (clusters < 2) return 0;
    sum *= static_cast<double>(clusters) / static_cast<double>(clusters - 1);
  }
  return std::max(sum, 0.0);
}

// The scale on which a delta interval is symmetric.
enum class Scale { kIdentity, kLog, kLogit };

struct Range {
  double low;
  double high;
};

constexpr std::string_view kBoundary = "the estimate is at the end of its range";

// value -+ z se on `scale`, cut at `range`.
void add_interval(Metric& metric, const Dual& g, const Confusion& confusion, Scale scale,
                  Range range, double z) {
  const double value = g.value;
  if ((scale != Scale::kIdentity && value <= range.low) ||
      (scale == Scale::kLogit && value >= range.high)) {
    metric.no_interval = kBoundary;
    return;
  }
  if ((confusion.clustered || confusion.weighted) && confusion.clusters < 2) {
    metric.no_interval = "a single cluster has no variance";
    return;
  }
  const double half = z * std::sqrt(variance(g, confusion, confusion.clusters));
  switch (scale) {
    case Scale::kIdentity:
      metric.interval = {std::max(value - half, range.low), std::min(value + half, range.high)};
      metric.method = "delta";
      return;
    case Scale::kLog: {
      const double factor = exponential(half / value);
      metric.interval = {value / factor, value * factor};
      metric.method = "delta-log";
      return;
    }
    case Scale::kLogit: {
      // logit has the derivative 1 / (v (1 - v)); expit(logit v + d) = v e^d / (1 - v + v e^d).
      const double factor = exponential(half / (value * (1 - value)));
      metric.interval = {value / (value + (1 - value) * factor),
                         value * factor / (1 - value + value * factor)};
      metric.method = "delta-logit";
      return;
    }
  }
}

class Builder {
 public:
  Builder(const Confusion& confusion, const ConfusionOptions& options)
      : confusion_(confusion),
        options_(options),
        cells_(dual(confusion.cells)),
        z_(normal_factor(options.confidence)) {}

  std::vector<Metric> build() {
    const bool no_positives = confusion_.positives() == 0;
    const bool no_negatives = confusion_.negatives() == 0;
    const bool none_predicted_positive = confusion_.tp() + confusion_.fp() == 0;
    const bool all_predicted_positive = confusion_.tn() + confusion_.fn() == 0;
    const std::string one_class = no_positives   ? "no positives"
                                  : no_negatives ? "no negatives"
                                                 : "";
    const Dual &tp = cells_.tp, &fn = cells_.fn, &fp = cells_.fp, &tn = cells_.tn;

    proportion("prevalence", {1, 1, 0, 0}, {1, 1, 1, 1}, "no cases");
    proportion("sensitivity", {1, 0, 0, 0}, {1, 1, 0, 0}, "no positives");
    proportion("specificity", {0, 0, 0, 1}, {0, 0, 1, 1}, "no negatives");
    proportion("accuracy", {1, 0, 0, 1}, {1, 1, 1, 1}, "no cases");
    proportion("ppv", {1, 0, 0, 0}, {1, 0, 1, 0}, "no case is called positive");
    proportion("npv", {0, 0, 0, 1}, {0, 1, 0, 1}, "no case is called negative");

    add("balanced_accuracy", one_class, Scale::kIdentity, {0, 1},
        [&] { return 0.5 * (sensitivity(cells_) + specificity(cells_)); });
    add("youden_j", one_class, Scale::kIdentity, {-1, 1},
        [&] { return sensitivity(cells_) + specificity(cells_) - constant(1); });
    if (options_.prevalence) predictive_values(one_class);

    const std::string no_false_positives = confusion_.fp() == 0 ? "no false positives" : "";
    add("lr_positive", one_class.empty() ? no_false_positives : one_class, Scale::kLog, {0, 0},
        [&] { return sensitivity(cells_) / (constant(1) - specificity(cells_)); });
    const std::string no_true_negatives = confusion_.tn() == 0 ? "no true negatives" : "";
    add("lr_negative", one_class.empty() ? no_true_negatives : one_class, Scale::kLog, {0, 0},
        [&] { return (fn / (tp + fn)) / specificity(cells_); });
    const std::string no_error = confusion_.fp() == 0   ? "no false positives"
                                 : confusion_.fn() == 0 ? "no false negatives"
                                                        : "";
    add("diagnostic_odds_ratio", one_class.empty() ? no_error : one_class, Scale::kLog, {0, 0},
        [&] { return (tp / fp) * (tn / fn); });

    const bool nothing_positive = no_positives && none_predicted_positive;
    add("f1", nothing_positive ? "no positives and no case called positive" : "", Scale::kIdentity,
        {0, 1}, [&] { return (2 * tp) / (2 * tp + fp + fn); });
    const std::string one_decision = none_predicted_positive  ? "no case is called positive"
                                     : all_predicted_positive ? "no case is called negative"
                                                              : "";
    add("mcc", one_class.empty() ? one_decision : one_class, Scale::kIdentity, {-1, 1}, [&] {
      // With this order of the factors the root is exact where the result is -1 or 1.
      return (tp * tn - fp * fn) / root(((tp + fp) * (tp + fn)) * ((tn + fp) * (tn + fn)));
    });
    const bool agree_by_chance =
        (no_positives && none_predicted_positive) || (no_negatives && all_predicted_positive);
    add("kappa", agree_by_chance ? "labels and calls are all the same" : "", Scale::kIdentity,
        {-1, 1}, [&] {
          // (observed - chance) / (1 - chance), both times n^2.
          const Dual n = tp + fn + fp + tn;
          const Dual chance = (tp + fn) * (tp + fp) + (tn + fp) * (tn + fn);
          return (n * (tp + tn) - chance) / (n * n - chance);
        });
    add("biopsies_avoided_per_cancer_missed", confusion_.fn() == 0 ? "no cancer is missed" : "",
        Scale::kLog, {0, 0}, [&] { return tn / fn; });
    return std::move(metrics_);
  }

 private:
  void proportion(std::string_view id, const Cells& numerator, const Cells& denominator,
                  std::string_view reason) {
    double x = 0;
    double n = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      x += numerator[i] * confusion_.cells[i];
      n += denominator[i] * confusion_.cells[i];
    }
    if (n == 0) {
      metrics_.push_back(undefined_metric(id, std::string(reason)));
      return;
    }
    Metric metric{.id = id, .value = x / n};
    const bool plain = !confusion_.clustered && !confusion_.weighted;
    const bool whole = options_.proportions == ProportionMethod::kKang2021;
    if (plain || whole) {
      metric.interval = proportion_interval(options_.proportions, x, n, options_.confidence);
      metric.method = name_of(options_.proportions);
    } else {
      const double effective = effective_size(confusion_, numerator, denominator);
      metric.interval = proportion_interval(options_.proportions, x / n * effective, effective,
                                            options_.confidence);
      metric.method = std::string(name_of(options_.proportions)) + ", Rao-Scott";
    }
    metrics_.push_back(std::move(metric));
  }

  template <class Formula>
  void add(std::string_view id, const std::string& reason, Scale scale, Range range,
           const Formula& formula) {
    if (!reason.empty()) {
      metrics_.push_back(undefined_metric(id, reason));
      return;
    }
    const Dual g = formula();
    Metric metric{.id = id, .value = g.value};
    add_interval(metric, g, confusion_, scale, range, z_);
    metrics_.push_back(std::move(metric));
  }

  void predictive_values(const std::string& one_class) {
    const double prevalence = *options_.prevalence;
    const auto rates = [&] {
      return std::pair(prevalence * sensitivity(cells_), (1 - prevalence) * specificity(cells_));
    };
    const auto none = [&](bool nothing, std::string_view reason) {
      return !one_class.empty() ? one_class : nothing ? std::string(reason) : std::string();
    };
    add("ppv_at_prevalence",
        none(confusion_.tp() + confusion_.fp() == 0, "no case is called positive"), Scale::kLogit,
        {0, 1}, [&] {
          const auto [true_positive, true_negative] = rates();
          return true_positive / (true_positive + constant(1 - prevalence) - true_negative);
        });
    add("npv_at_prevalence",
        none(confusion_.tn() + confusion_.fn() == 0, "no case is called negative"), Scale::kLogit,
        {0, 1}, [&] {
          const auto [true_positive, true_negative] = rates();
          return true_negative / (true_negative + constant(prevalence) - true_positive);
        });
  }

  const Confusion& confusion_;
  const ConfusionOptions& options_;
  DualCells cells_;
  double z_;
  std::vector<Metric> metrics_;
};

// The number of clusters with a case in the cells that `denominator` marks by 1.
std::int64_t clusters_in(const Confusion& confusion, const Cells& denominator) {
  if (denominator == Cells{1, 1, 0, 0}) return confusion.clusters_positive;
  if (denominator == Cells{0, 0, 1, 1}) return confusion.clusters_negative;
  if (denominator == Cells{1, 0, 1, 0}) return confusion.clusters_predicted_positive;
  if (denominator == Cells{0, 1, 0, 1}) return confusion.clusters_predicted_negative;
  return confusion.clusters;
}

}  // namespace

double effective_size(const Confusion& confusion, const Cells& numerator,
                      const Cells& denominator) {
  Dual x;
  Dual n;
  for (std::size_t i = 0; i < 4; ++i) {
    x.value += numerator[i] * confusion.cells[i];
    n.value += denominator[i] * confusion.cells[i];
  }
  x.by = numerator;
  n.by = denominator;
  const double p = x.value / n.value;
  const double spread = variance(x / n, confusion, clusters_in(confusion, denominator));
  // At 0 and 1 the data do not show how alike the cases of a cluster are. Then the size itself is
  // used (Korn and Graubard 1998), and Kish's share of it for weighted cases.
  if (p == 0 || p == 1 || spread == 0) {
    return confusion.weighted ? confusion.kish * n.value / confusion.total() : n.value;
  }
  return p * (1 - p) / spread;
}

std::vector<Metric> confusion_metrics(const Confusion& confusion, const ConfusionOptions& options) {
  return Builder(confusion, options).build();
}

}  // namespace apatite::eval
