#include "eval/statistics/gee.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/math.h"
#include "eval/statistics/distributions.h"
#include "eval/statistics/exact_sums.h"

namespace apatite::eval {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

constexpr int kMostIterations = 500;
constexpr double kTolerance = 1e-12;

Eigen::Index index_of(std::size_t i) { return static_cast<Eigen::Index>(i); }

// A matrix of compensated sums over the clusters.
class MatrixSum {
 public:
  MatrixSum(std::size_t rows, std::size_t columns)
      : rows_(rows), columns_(columns), sums_(rows * columns) {}
  void add(std::size_t i, std::size_t j, double value) { sums_[i * columns_ + j].add(value); }
  [[nodiscard]] Matrix value() const {
    Matrix result(index_of(rows_), index_of(columns_));
    for (std::size_t i = 0; i < rows_; ++i) {
      for (std::size_t j = 0; j < columns_; ++j) {
        result(index_of(i), index_of(j)) = sums_[i * columns_ + j].value();
      }
    }
    return result;
  }

 private:
  std::size_t rows_;
  std::size_t columns_;
  std::vector<CompensatedSum> sums_;
};

// The estimates of the current iteration.
struct State {
  std::vector<double> logits;
  std::vector<double> p;
  std::vector<double> deviation;  // sqrt(p (1 - p))
  double alpha = 0;

  void update_proportions() {
    for (std::size_t j = 0; j < logits.size(); ++j) {
      const double e = exponential(-std::abs(logits[j]));
      const double small = e / (1 + e);
      p[j] = logits[j] < 0 ? small : 1 / (1 + e);
      deviation[j] = std::sqrt(e) / (1 + e);
    }
  }
};

class Equations {
 public:
  Equations(const ClusteredTrials& trials, State& state)
      : trials_(trials), state_(state), models_(trials.models) {}

  [[nodiscard]] std::size_t clusters() const { return trials_.trials.size() / models_; }
  [[nodiscard]] double trials(std::size_t cluster, std::size_t j) const {
    return trials_.trials[cluster * models_ + j];
  }
  // (successes - expected successes) / sqrt(p (1 - p)): the sum of the r of these trials.
  [[nodiscard]] double residual(std::size_t cluster, std::size_t j) const {
    return (trials_.successes[cluster * models_ + j] - trials(cluster, j) * state_.p[j]) /
           state_.deviation[j];
  }
  [[nodiscard]] double size(std::size_t cluster) const {
    double sum = 0;
    for (std::size_t j = 0; j < models_; ++j) sum += trials(cluster, j);
    return sum;
  }

  // The moment estimate of alpha (gee.h); empty without enough pairs.
  [[nodiscard]] std::optional<double> alpha() const {
    CompensatedSum squares;   // of r
    CompensatedSum products;  // of r_i r_j over pairs i < j
    double pairs = 0;
    double all = 0;
    for (std::size_t cluster = 0; cluster < clusters(); ++cluster) {
      double sum = 0;
      double own = 0;
      for (std::size_t j = 0; j < models_; ++j) {
        const double r = residual(cluster, j);
        const double successes = trials_.successes[cluster * models_ + j];
        const double p = state_.p[j];
        sum += r;
        // r^2 is (1 - p) / p for a success and p / (1 - p) for a failure.
        own += successes * ((1 - p) / p) + (trials(cluster, j) - successes) * (p / (1 - p));
      }
      squares.add(own);
      products.add(0.5 * sum * sum);
      products.add(-0.5 * own);
      const double n = size(cluster);
      pairs += 0.5 * n * (n - 1);
      all += n;
    }
    const auto parameters = static_cast<double>(models_);
    if (pairs <= parameters || all <= parameters) return std::nullopt;
    const double scale = squares.value() / (all - parameters);
    return products.value() / (pairs - parameters) / scale;
  }

  // With R^-1 = (I - c 1 1^T) / (1 - alpha), c = alpha / (1 + (n - 1) alpha): the score of a
  // cluster for model j is  d_j (r_j - c n_j sum of r) / (1 - alpha),  d = sqrt(p (1 - p)).
  void score_of(std::size_t cluster, std::vector<double>& score) const {
    double sum = 0;
    for (std::size_t j = 0; j < models_; ++j) sum += residual(cluster, j);
    const double c = shrinkage(cluster);
    for (std::size_t j = 0; j < models_; ++j) {
      score[j] = state_.deviation[j] * (residual(cluster, j) - c * trials(cluster, j) * sum) /
                 (1 - state_.alpha);
    }
  }

  [[nodiscard]] Matrix score() const {
    MatrixSum sum(models_, 1);
    std::vector<double> own(models_);
    for (std::size_t cluster = 0; cluster < clusters(); ++cluster) {
      score_of(cluster, own);
      for (std::size_t j = 0; j < models_; ++j) sum.add(j, 0, own[j]);
    }
    return sum.value();
  }

  // Sum over clusters of D^T V^-1 D.
  [[nodiscard]] Matrix information() const {
    MatrixSum sum(models_, models_);
    for (std::size_t cluster = 0; cluster < clusters(); ++cluster) {
      const double c = shrinkage(cluster);
      for (std::size_t i = 0; i < models_; ++i) {
        const double own = state_.deviation[i] * trials(cluster, i);
        for (std::size_t j = 0; j < models_; ++j) {
          const double diagonal = i == j ? state_.deviation[i] * own : 0;
          sum.add(
              i, j,
              (diagonal - c * own * state_.deviation[j] * trials(cluster, j)) / (1 - state_.alpha));
        }
      }
    }
    return sum.value();
  }

  // Sum over clusters of score score^T.
  [[nodiscard]] Matrix score_products() const {
    MatrixSum sum(models_, models_);
    std::vector<double> own(models_);
    for (std::size_t cluster = 0; cluster < clusters(); ++cluster) {
      score_of(cluster, own);
      for (std::size_t i = 0; i < models_; ++i) {
        for (std::size_t j = 0; j < models_; ++j) sum.add(i, j, own[i] * own[j]);
      }
    }
    return sum.value();
  }

  // Whether the working correlation is positive definite in every cluster.
  [[nodiscard]] bool valid(double alpha) const {
    if (!(alpha < 1)) return false;
    for (std::size_t cluster = 0; cluster < clusters(); ++cluster) {
      if (!(1 + (size(cluster) - 1) * alpha > 0)) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] double shrinkage(std::size_t cluster) const {
    const double n = size(cluster);
    return n == 0 ? 0 : state_.alpha / (1 + (n - 1) * state_.alpha);
  }

  const ClusteredTrials& trials_;
  State& state_;
  std::size_t models_;
};

// Starts with the proportions of all trials, which are the solution for independence. Returns a
// reason if one of them has no logit, otherwise an empty text.
std::string start(const ClusteredTrials& trials, State& state) {
  for (std::size_t j = 0; j < trials.models; ++j) {
    double all = 0;
    double right = 0;
    for (std::size_t i = j; i < trials.trials.size(); i += trials.models) {
      all += trials.trials[i];
      right += trials.successes[i];
    }
    if (all == 0) return "model " + std::to_string(j + 1) + " has no such calls";
    if (right == 0 || right == all) {
      return "model " + std::to_string(j + 1) + " has a proportion of " + (right == 0 ? "0" : "1") +
             ", which has no logit";
    }
    state.logits.push_back(logarithm(right / (all - right)));
    state.p.push_back(0);
    state.deviation.push_back(0);
  }
  state.update_proportions();
  return {};
}

// Whether all outcomes of a cluster are always equal: the correlation is then 1.
bool always_together(const ClusteredTrials& trials) {
  for (std::size_t begin = 0; begin < trials.trials.size(); begin += trials.models) {
    bool success = false;
    bool failure = false;
    for (std::size_t i = begin; i < begin + trials.models; ++i) {
      success = success || trials.successes[i] > 0;
      failure = failure || trials.successes[i] < trials.trials[i];
    }
    if (success && failure) return false;
  }
  return true;
}

GeeResult undefined(std::string reason) {
  return {.fit = std::nullopt, .undefined = std::move(reason)};
}

}  // namespace

std::string_view name_of(Measure measure) {
  constexpr std::array<std::string_view, 5> kNames{"sensitivity", "specificity", "accuracy", "ppv",
                                                   "npv"};
  return kNames.at(static_cast<std::size_t>(measure));
}

std::string_view name_of(WorkingCorrelation correlation) {
  return correlation == WorkingCorrelation::kIndependence ? "independence" : "exchangeable";
}

ClusteredTrials clustered_trials(Measure measure, std::span<const std::uint8_t> labels,
                                 std::span<const std::vector<std::uint8_t>> decisions,
                                 std::span<const std::int32_t> clusters) {
  if (decisions.empty() || decisions.size() > 64) {
    throw Error(ErrorKind::kUsage, "comparison", std::to_string(decisions.size()) + " models",
                "1 to 64 can be compared");
  }
  if (!clusters.empty() && clusters.size() != labels.size()) {
    throw Error(ErrorKind::kUsage, "clusters", "there are not as many as labels");
  }
  std::size_t count = labels.size();
  if (!clusters.empty()) {
    const auto [least, most] = std::minmax_element(clusters.begin(), clusters.end());
    if (*least < 0) throw Error(ErrorKind::kUsage, "clusters", "a cluster number is negative");
    count = static_cast<std::size_t>(*most) + 1;
  }
  ClusteredTrials result{.models = decisions.size()};
  result.trials.resize(count * decisions.size());
  result.successes.resize(count * decisions.size());
  for (std::size_t j = 0; j < decisions.size(); ++j) {
    if (decisions[j].size() != labels.size()) {
      throw Error(ErrorKind::kUsage, "comparison", "there are not as many decisions as labels");
    }
    for (std::size_t row = 0; row < labels.size(); ++row) {
      const bool positive = labels[row] == 1;
      const bool predicted_positive = decisions[j][row] != 0;
      const bool counts = measure == Measure::kAccuracy ||
                          (measure == Measure::kSensitivity && positive) ||
                          (measure == Measure::kSpecificity && !positive) ||
                          (measure == Measure::kPpv && predicted_positive) ||
                          (measure == Measure::kNpv && !predicted_positive);
      if (!counts) continue;
      const std::size_t cluster = clusters.empty() ? row : static_cast<std::size_t>(clusters[row]);
      ++result.trials[cluster * decisions.size() + j];
      if (positive == predicted_positive) ++result.successes[cluster * decisions.size() + j];
    }
  }
  return result;
}

GeeResult gee(const ClusteredTrials& trials, WorkingCorrelation correlation) {
  State state;
  if (std::string reason = start(trials, state); !reason.empty()) return undefined(reason);
  const Equations equations(trials, state);
  GeeFit fit;
  if (correlation == WorkingCorrelation::kExchangeable) {
    if (always_together(trials)) {
      return undefined(
          "the calls of a cluster are right or wrong together: their correlation is 1");
    }
    double last_move = 0;
    Vector last_step = Vector::Zero(index_of(trials.models));
    for (double change = 1; change > kTolerance; ++fit.iterations) {
      const std::optional<double> alpha = equations.alpha();
      if (!alpha) return undefined("there are too few pairs of calls within clusters");
      if (!equations.valid(*alpha)) {
        return undefined("the estimated working correlation is not positive definite");
      }
      if (fit.iterations == kMostIterations) return undefined("the equations do not converge");
      const double move = *alpha - state.alpha;
      change = std::abs(move);
      // Half a step where the sign alternates, as it does with large clusters.
      state.alpha += move * last_move < 0 ? 0.5 * move : move;
      last_move = move;
      const Eigen::LLT<Matrix> information(equations.information());
      if (information.info() != Eigen::Success) return undefined("the equations are singular");
      const Vector step = information.solve(equations.score());
      const double share = step.dot(last_step) < 0 ? 0.5 : 1;
      last_step = step;
      for (std::size_t j = 0; j < trials.models; ++j) {
        state.logits[j] += share * step(index_of(j));
        change = std::max(change, std::abs(step(index_of(j))));
      }
      state.update_proportions();
    }
  }
  const Eigen::LLT<Matrix> information(equations.information());
  if (information.info() != Eigen::Success) return undefined("the equations are singular");
  const Matrix half = information.solve(equations.score_products());
  const Matrix covariance = information.solve(half.transpose());
  fit.correlation = state.alpha;
  fit.logits = state.logits;
  fit.proportions = state.p;
  for (std::size_t i = 0; i < trials.models; ++i) {
    for (std::size_t j = 0; j < trials.models; ++j) {
      fit.covariance.push_back(covariance(index_of(i), index_of(j)));
    }
  }
  return {.fit = std::move(fit)};
}

namespace {

// A variance below this share of the terms of which it is the difference is only rounding.
constexpr double kNothing = 1e-13;

}  // namespace

std::optional<GeeContrast> gee_contrast(const GeeFit& fit, std::size_t a, std::size_t b) {
  const std::size_t k = fit.logits.size();
  const double of_a = fit.covariance.at(a * k + a);
  const double of_b = fit.covariance.at(b * k + b);
  const double both = fit.covariance.at(a * k + b);
  const double variance = of_a + of_b - 2 * both;
  if (!(variance > kNothing * (of_a + of_b))) return std::nullopt;
  GeeContrast result;
  result.log_odds_ratio = fit.logits[a] - fit.logits[b];
  result.standard_error = std::sqrt(variance);
  result.statistic = result.log_odds_ratio / result.standard_error;
  result.p_value = 2 * normal_upper(std::abs(result.statistic));
  const double slope_a = fit.proportions[a] * (1 - fit.proportions[a]);
  const double slope_b = fit.proportions[b] * (1 - fit.proportions[b]);
  result.difference = fit.proportions[a] - fit.proportions[b];
  result.difference_error = std::sqrt(std::max(
      0.0, slope_a * slope_a * of_a + slope_b * slope_b * of_b - 2 * slope_a * slope_b * both));
  return result;
}

std::optional<GeeOverall> gee_overall(const GeeFit& fit) {
  const std::size_t k = fit.logits.size();
  if (k < 2) return std::nullopt;
  // The differences between each model and the last one.
  const auto covariance = [&](std::size_t i, std::size_t j) { return fit.covariance[i * k + j]; };
  Matrix contrasts(index_of(k - 1), index_of(k - 1));
  Vector differences(index_of(k - 1));
  double largest = 0;
  for (std::size_t i = 0; i + 1 < k; ++i) {
    differences(index_of(i)) = fit.logits[i] - fit.logits[k - 1];
    largest = std::max(largest, covariance(i, i));
    for (std::size_t j = 0; j + 1 < k; ++j) {
      contrasts(index_of(i), index_of(j)) =
          covariance(i, j) - covariance(i, k - 1) - covariance(k - 1, j) + covariance(k - 1, k - 1);
    }
  }
  const Eigen::LLT<Matrix> factor(contrasts);
  if (factor.info() != Eigen::Success) return std::nullopt;
  const Matrix root = factor.matrixL();
  for (std::size_t i = 0; i + 1 < k; ++i) {
    const double pivot = root(index_of(i), index_of(i));
    if (!(pivot * pivot > kNothing * largest)) return std::nullopt;
  }
  GeeOverall result{.degrees_of_freedom = static_cast<int>(k) - 1};
  result.statistic = differences.dot(factor.solve(differences));
  result.p_value = chi_square_upper(result.statistic, result.degrees_of_freedom);
  return result;
}

}  // namespace apatite::eval
