#include "eval/roc/placements.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "eval/statistics/sorting.h"

namespace apatite::eval {
namespace {

// The sums over the m_c positives and n_c negatives of a cluster, from which follow 2 m n times the
// sums of (placement value - AUC): the integers m A - m_c W and n B - n_c W. A and B are the sums
// of twice the placements, and W is twice the number of pairs won. Both integers are below 2^95.
struct ClusterSums {
  std::uint64_t positives = 0;
  std::uint64_t negatives = 0;
  std::uint64_t positive_placements = 0;
  std::uint64_t negative_placements = 0;

  void add(bool positive, std::uint64_t placement) {
    ++(positive ? positives : negatives);
    (positive ? positive_placements : negative_placements) += placement;
  }
  [[nodiscard]] Int128 positive_deviation(const AucCounts& counts) const {
    return static_cast<Int128>(Uint128{positive_placements} * counts.positives) -
           static_cast<Int128>(Uint128{positives} * counts.twice_wins);
  }
  [[nodiscard]] Int128 negative_deviation(const AucCounts& counts) const {
    return static_cast<Int128>(Uint128{negative_placements} * counts.negatives) -
           static_cast<Int128>(Uint128{negatives} * counts.twice_wins);
  }
};

// Obuchowski's sums over the clusters: products of the deviations x of positives and y of
// negatives.
struct Products {
  std::size_t clusters = 0;
  std::size_t with_positives = 0;
  std::size_t with_negatives = 0;
  CompensatedSum positive;
  CompensatedSum negative;
  CompensatedSum mixed;

  void add(const ClusterSums& cluster, Int128 x1, Int128 y1, Int128 x2, Int128 y2) {
    if (cluster.positives + cluster.negatives == 0) return;
    ++clusters;
    const auto a1 = static_cast<double>(x1);
    const auto a2 = static_cast<double>(x2);
    const auto b1 = static_cast<double>(y1);
    const auto b2 = static_cast<double>(y2);
    if (cluster.positives > 0) {
      ++with_positives;
      positive.add(a1 * a2);
    }
    if (cluster.negatives > 0) {
      ++with_negatives;
      negative.add(b1 * b2);
    }
    if (cluster.positives > 0 && cluster.negatives > 0) {
      mixed.add(a1 * b2);
      mixed.add(a2 * b1);
    }
  }

  // S10 / m + S01 / n + (S11 + S11 with the models exchanged) / (m n).
  [[nodiscard]] std::optional<double> covariance(const AucCounts& counts) const {
    if (with_positives < 2 || with_negatives < 2) return std::nullopt;
    const auto m = static_cast<double>(counts.positives);
    const auto n = static_cast<double>(counts.negatives);
    const auto corrected = [](std::size_t k) {
      return static_cast<double>(k) / static_cast<double>(k - 1);
    };
    const double scale = 2 * m * n;
    const double sum = corrected(with_positives) * positive.value() / (m * m) +
                       corrected(with_negatives) * negative.value() / (n * n) +
                       corrected(clusters) * mixed.value() / (m * n);
    return sum / scale / scale;
  }
};

void check(const LabelledCases& cases, const Placements& a) {
  if (a.twice.size() != cases.labels.size()) {
    throw Error(ErrorKind::kUsage, "AUC", "the models have different numbers of cases",
                "compare them on the same cases");
  }
}

// Calls visit(cluster of a, cluster of b) for every cluster in the order of their numbers.
template <typename Visit>
void for_each_cluster(const LabelledCases& cases, const Placements& a, const Placements& b,
                      Visit visit) {
  check(cases, a);
  check(cases, b);
  const std::size_t count = cluster_count(cases);
  if (cases.clusters.empty()) {
    for (std::size_t row = 0; row < cases.labels.size(); ++row) {
      ClusterSums of_a;
      ClusterSums of_b;
      of_a.add(cases.labels[row] == 1, a.twice[row]);
      of_b.add(cases.labels[row] == 1, b.twice[row]);
      visit(of_a, of_b);
    }
    return;
  }
  std::vector<ClusterSums> of_a(count);
  std::vector<ClusterSums> of_b(count);
  for (std::size_t row = 0; row < cases.labels.size(); ++row) {
    const auto cluster = static_cast<std::size_t>(cases.clusters[row]);
    of_a[cluster].add(cases.labels[row] == 1, a.twice[row]);
    of_b[cluster].add(cases.labels[row] == 1, b.twice[row]);
  }
  for (std::size_t cluster = 0; cluster < count; ++cluster) visit(of_a[cluster], of_b[cluster]);
}

}  // namespace

Placements placements(std::span<const std::uint8_t> labels, std::span<const double> scores,
                      int threads) {
  check_labels_and_scores(labels, scores);
  Placements result;
  const auto m = static_cast<std::uint64_t>(std::count(labels.begin(), labels.end(), 1));
  result.counts = {.positives = m, .negatives = labels.size() - m};
  result.twice.resize(labels.size());
  const std::vector<KeyedRow> rows = rows_by_score(scores, threads);
  std::uint64_t negatives = 0;
  std::uint64_t positives = 0;
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin;
    std::uint64_t positives_here = 0;
    for (; end < rows.size() && rows[end].key == rows[begin].key; ++end) {
      positives_here += labels[rows[end].row];
    }
    const std::uint64_t negatives_here = end - begin - positives_here;
    const std::uint64_t won = 2 * negatives + negatives_here;
    const std::uint64_t lost_to = 2 * (m - positives) - positives_here;
    for (; begin < end; ++begin) {
      const std::uint32_t row = rows[begin].row;
      result.twice[row] = static_cast<std::uint32_t>(labels[row] == 1 ? won : lost_to);
    }
    result.counts.twice_wins += won * positives_here;
    positives += positives_here;
    negatives += negatives_here;
  }
  return result;
}

std::size_t cluster_count(const LabelledCases& cases) {
  if (cases.clusters.empty()) return cases.labels.size();
  if (cases.clusters.size() != cases.labels.size()) {
    throw Error(ErrorKind::kUsage, "clusters",
                "there are " + std::to_string(cases.labels.size()) + " labels and " +
                    std::to_string(cases.clusters.size()) + " cluster numbers");
  }
  const auto [least, most] = std::minmax_element(cases.clusters.begin(), cases.clusters.end());
  if (*least < 0) throw Error(ErrorKind::kUsage, "clusters", "a cluster number is negative");
  return static_cast<std::size_t>(*most) + 1;
}

std::optional<double> auc_covariance(const LabelledCases& cases, const Placements& a,
                                     const Placements& b) {
  Products products;
  for_each_cluster(cases, a, b, [&](const ClusterSums& of_a, const ClusterSums& of_b) {
    products.add(of_a, of_a.positive_deviation(a.counts), of_a.negative_deviation(a.counts),
                 of_b.positive_deviation(b.counts), of_b.negative_deviation(b.counts));
  });
  return products.covariance(a.counts);
}

std::optional<double> auc_difference_variance(const LabelledCases& cases, const Placements& a,
                                              const Placements& b) {
  Products products;
  for_each_cluster(cases, a, b, [&](const ClusterSums& of_a, const ClusterSums& of_b) {
    const Int128 x = of_a.positive_deviation(a.counts) - of_b.positive_deviation(b.counts);
    const Int128 y = of_a.negative_deviation(a.counts) - of_b.negative_deviation(b.counts);
    products.add(of_a, x, y, x, y);
  });
  return products.covariance(a.counts);
}

}  // namespace apatite::eval
