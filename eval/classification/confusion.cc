#include "eval/classification/confusion.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/error.h"

namespace apatite::eval {
namespace {

std::size_t cell_of(bool positive, bool predicted_positive) {
  return positive ? (predicted_positive ? 0U : 1U) : (predicted_positive ? 2U : 3U);
}

void add_cluster(Confusion& to, const Cells& cells) {
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 4; ++j) to.products[i][j] += cells[i] * cells[j];
  }
  ++to.clusters;
  if (cells[0] + cells[1] > 0) ++to.clusters_positive;
  if (cells[2] + cells[3] > 0) ++to.clusters_negative;
  if (cells[0] + cells[2] > 0) ++to.clusters_predicted_positive;
  if (cells[1] + cells[3] > 0) ++to.clusters_predicted_negative;
}

// For independent cases without weights: t t^T of a case has a single 1.
void add_products_of_cases(Confusion& to) {
  for (std::size_t i = 0; i < 4; ++i) to.products[i][i] = to.cells[i];
  to.kish = to.total();
}

}  // namespace

Confusion confusion_of_counts(std::int64_t tp, std::int64_t fn, std::int64_t fp, std::int64_t tn) {
  Confusion confusion;
  confusion.cells = {static_cast<double>(tp), static_cast<double>(fn), static_cast<double>(fp),
                     static_cast<double>(tn)};
  add_products_of_cases(confusion);
  return confusion;
}

Confusion confusion_at_threshold(std::span<const double> scores,
                                 std::span<const std::uint8_t> positive,
                                 std::span<const double> weight,
                                 std::span<const std::int32_t> cluster, double threshold,
                                 ThresholdOperator comparison) {
  Confusion confusion;
  confusion.weighted = !weight.empty();
  confusion.clustered = !cluster.empty();
  std::vector<Cells> clusters;
  double squares = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const std::size_t cell =
        cell_of(positive[i] != 0, is_positive(scores[i], threshold, comparison));
    const double w = confusion.weighted ? weight[i] : 1;
    confusion.cells[cell] += w;
    squares += w * w;
    if (confusion.clustered) {
      const auto id = static_cast<std::size_t>(cluster[i]);
      if (id >= clusters.size()) clusters.resize(id + 1, Cells{});
      clusters[id][cell] += w;
    } else if (confusion.weighted) {
      Cells alone{};
      alone[cell] = w;
      add_cluster(confusion, alone);
    }
  }
  if (confusion.clustered) {
    for (const Cells& cells : clusters) {
      if (cells != Cells{}) add_cluster(confusion, cells);
    }
    confusion.kish = confusion.total() * confusion.total() / squares;
  } else if (confusion.weighted) {
    confusion.kish = confusion.total() * confusion.total() / squares;
  } else {
    add_products_of_cases(confusion);
  }
  return confusion;
}

}  // namespace apatite::eval
