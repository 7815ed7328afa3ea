#include "eval/roc/bootstrap.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <string>

#include "base/error.h"
#include "eval/roc/bootstrap_kernel.h"
#include "eval/statistics/distributions.h"
#include "eval/statistics/sorting.h"

namespace apatite::eval {
namespace {

// The counts of all threads, kDrawsAtOnce draws for each cluster, take at most about this many
// bytes; with more clusters only one thread works.
constexpr std::size_t kMostCountBytes = std::size_t{1} << 28U;

std::uint32_t cluster_of(const LabelledCases& cases, std::size_t row) {
  return cases.clusters.empty() ? static_cast<std::uint32_t>(row)
                                : static_cast<std::uint32_t>(cases.clusters[row]);
}

struct ClusterSizes {
  std::vector<std::uint32_t> positives;
  std::vector<std::uint32_t> negatives;

  explicit ClusterSizes(const LabelledCases& cases) {
    positives.resize(cluster_count(cases));
    negatives.resize(positives.size());
    for (std::size_t row = 0; row < cases.labels.size(); ++row) {
      ++(cases.labels[row] == 1 ? positives : negatives)[cluster_of(cases, row)];
    }
  }
};

// The clusters that have a case, by stratum.
std::vector<std::vector<std::uint32_t>> strata(const ClusterSizes& sizes, bool stratified) {
  std::vector<std::vector<std::uint32_t>> result(stratified ? 2 : 1);
  for (std::size_t cluster = 0; cluster < sizes.positives.size(); ++cluster) {
    if (sizes.positives[cluster] + sizes.negatives[cluster] == 0) continue;
    const bool second = stratified && sizes.positives[cluster] == 0;
    result[second ? 1 : 0].push_back(static_cast<std::uint32_t>(cluster));
  }
  return result;
}

// Calls visit(run) for each run of rows with equal scores, in ascending order of the scores.
template <typename Visit>
void for_each_run(const std::vector<KeyedRow>& rows, Visit visit) {
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin + 1;
    while (end < rows.size() && rows[end].key == rows[begin].key) ++end;
    visit(std::span(rows).subspan(begin, end - begin));
    begin = end;
  }
}

std::vector<KeyedRow> ordered_rows(const LabelledCases& cases, std::span<const double> scores,
                                   int threads) {
  check_labels_and_scores(cases.labels, scores);
  return rows_by_score(scores, threads);
}

RankedClusters ranked_clusters(const LabelledCases& cases, std::span<const double> scores,
                               int threads) {
  RankedClusters ranked;
  for_each_run(ordered_rows(cases, scores, threads), [&](std::span<const KeyedRow> run) {
    RankedClusters::Step step{.below = static_cast<std::uint32_t>(ranked.negatives.size())};
    const std::size_t positives = ranked.positives.size();
    for (const KeyedRow& row : run) {
      (cases.labels[row.row] == 1 ? ranked.positives : ranked.negatives)
          .push_back(cluster_of(cases, row.row));
    }
    if (ranked.positives.size() == positives) return;
    step.equal = static_cast<std::uint32_t>(ranked.negatives.size());
    step.positives = static_cast<std::uint32_t>(ranked.positives.size());
    ranked.steps.push_back(step);
  });
  return ranked;
}

// Counts how often each of the draws first .. first + kDrawsAtOnce - 1 has every cluster. `drawn`
// is memory for the counts of a few draws, each draw contiguous. Returns false if a draw has a
// cluster more than 255 times, which has a probability below 1 / 256!.
constexpr std::size_t kCountedTogether = 8;
using CountsOfSome = std::array<std::vector<std::uint8_t>, kCountedTogether>;

bool draw_clusters(const std::vector<std::vector<std::uint32_t>>& all_strata, std::uint64_t seed,
                   std::uint64_t first, CountsOfSome& drawn, std::vector<DrawCounts>& counts) {
  bool fits = true;
  for (std::size_t at = 0; at < kDrawsAtOnce; at += kCountedTogether) {
    for (std::size_t some = 0; some < kCountedTogether; ++some) {
      std::vector<std::uint8_t>& of_one = drawn[some];
      of_one.assign(counts.size(), 0);
      Resample<UnitRule::kScaled> resample(seed, first + at + some);
      for (const std::vector<std::uint32_t>& stratum : all_strata) {
        for (std::size_t i = 0; i < stratum.size(); ++i) {
          std::uint8_t& count = of_one[stratum[resample.next(stratum.size())]];
          if (++count == 0) fits = false;
        }
      }
    }
    for (std::size_t cluster = 0; cluster < counts.size(); ++cluster) {
      for (std::size_t some = 0; some < kCountedTogether; ++some) {
        counts[cluster].of[at + some] = drawn[some][cluster];
      }
    }
  }
  return fits;
}

// Twice the pairs won among the cases of one cluster, for each cluster.
std::vector<std::uint64_t> wins_within(const LabelledCases& cases, std::span<const double> scores,
                                       std::size_t clusters) {
  std::vector<std::uint64_t> wins(clusters);
  std::vector<std::uint32_t> below(clusters);
  std::vector<std::uint32_t> equal(clusters);
  for_each_run(ordered_rows(cases, scores, 0), [&](std::span<const KeyedRow> run) {
    const auto of_class = [&](bool positive, auto visit) {
      for (const KeyedRow& row : run) {
        if ((cases.labels[row.row] == 1) == positive) visit(cluster_of(cases, row.row));
      }
    };
    of_class(false, [&](std::uint32_t cluster) { ++equal[cluster]; });
    of_class(true, [&](std::uint32_t cluster) {
      wins[cluster] += 2 * std::uint64_t{below[cluster]} + equal[cluster];
    });
    of_class(false, [&](std::uint32_t cluster) {
      below[cluster] += equal[cluster];
      equal[cluster] = 0;
    });
  });
  return wins;
}

// sum of u^3 / n^3 over strata / (6 (sum of u^2 / n^2)^1.5), u = (n - 1) (mean - value).
std::optional<double> acceleration(const Jackknife& jackknife) {
  CompensatedSum cubes;
  CompensatedSum squares;
  for (const std::vector<double>& stratum : jackknife) {
    if (stratum.size() < 2) continue;
    const auto n = static_cast<double>(stratum.size());
    CompensatedSum sum;
    for (const double value : stratum) sum.add(value);
    const double mean = sum.value() / n;
    for (const double value : stratum) {
      const double u = (n - 1) / n * (mean - value);
      squares.add(u * u);
      cubes.add(u * u * u);
    }
  }
  const double variance = squares.value();
  if (!(variance > 0)) return std::nullopt;
  return cubes.value() / (6 * variance * std::sqrt(variance));
}

// The draws of one bootstrap, computed in blocks of kDrawsAtOnce. The last block may contain draws
// that nobody asked for; they are not part of the result.
class AucBootstrap {
 public:
  AucBootstrap(const LabelledCases& cases, std::span<const std::span<const double>> models,
               const BootstrapOptions& options)
      : options_(options),
        sizes_(cases),
        strata_(strata(sizes_, options.stratified)),
        blocks_((static_cast<std::size_t>(options.draws) + kDrawsAtOnce - 1) / kDrawsAtOnce),
        values_(models.size(), std::vector<double>(blocks_ * kDrawsAtOnce)),
        defined_(blocks_ * kDrawsAtOnce) {
    ranked_.reserve(models.size());
    for (const std::span<const double> scores : models) {
      ranked_.push_back(ranked_clusters(cases, scores, options.threads));
    }
  }

  Bootstrap run() {
    bool too_large = false;
    std::atomic<std::int64_t> done = 0;
#pragma omp parallel num_threads(team())
    {
      std::vector<DrawCounts> counts(clusters());
      CountsOfSome drawn;
#pragma omp for schedule(dynamic, 1) reduction(|| : too_large)
      for (std::size_t block = 0; block < blocks_; ++block) {
        if (!compute(block * kDrawsAtOnce, drawn, counts)) too_large = true;
        done += static_cast<std::int64_t>(kDrawsAtOnce);
        if (options_.progress && omp_get_thread_num() == 0) {
          options_.progress("draws", std::min<std::int64_t>(done, options_.draws), options_.draws);
        }
      }
    }
    if (options_.progress) options_.progress("draws", options_.draws, options_.draws);
    if (too_large) {
      throw Error(ErrorKind::kUsage, "bootstrap",
                  "a draw has 2^32 cases or more, or a cluster 256 times", "use DeLong's interval");
    }
    return defined_draws();
  }

 private:
  [[nodiscard]] std::size_t clusters() const { return sizes_.positives.size(); }

  // As many threads as were asked for, as long as their counts fit in kMostCountBytes.
  [[nodiscard]] int team() const {
    const std::size_t fitting =
        kMostCountBytes / (clusters() * (sizeof(DrawCounts) + kCountedTogether) + 1);
    const int asked = options_.threads > 0 ? options_.threads : omp_get_max_threads();
    return static_cast<int>(
        std::min(std::clamp<std::size_t>(fitting, 1, static_cast<std::size_t>(asked)), blocks_));
  }

  // Computes the draws first .. first + kDrawsAtOnce - 1; `drawn` and `counts` are memory of the
  // thread. False if a draw has too many cases, or one cluster too often, for the counts.
  bool compute(std::size_t first, CountsOfSome& drawn, std::vector<DrawCounts>& counts) {
    bool fits = draw_clusters(strata_, options_.seed, first, drawn, counts);
    const DrawTotals positives = drawn_total(sizes_.positives, counts);
    const DrawTotals negatives = drawn_total(sizes_.negatives, counts);
    for (std::size_t k = 0; k < kDrawsAtOnce; ++k) {
      defined_[first + k] = positives[k] > 0 && negatives[k] > 0 ? 1 : 0;
      fits = fits && positives[k] + negatives[k] < 0x100000000U;
    }
    for (std::size_t model = 0; model < ranked_.size(); ++model) {
      const DrawTotals wins = drawn_twice_wins(ranked_[model], counts);
      for (std::size_t k = 0; k < kDrawsAtOnce; ++k) {
        const AucCounts auc{positives[k], negatives[k], wins[k]};
        values_[model][first + k] = defined_[first + k] != 0 ? auc.value() : 0;
      }
    }
    return fits;
  }

  [[nodiscard]] Bootstrap defined_draws() const {
    Bootstrap result;
    result.values.resize(values_.size());
    for (std::size_t draw = 0; draw < static_cast<std::size_t>(options_.draws); ++draw) {
      if (defined_[draw] == 0) {
        ++result.undefined;
        continue;
      }
      for (std::size_t model = 0; model < values_.size(); ++model) {
        result.values[model].push_back(values_[model][draw]);
      }
    }
    return result;
  }

  const BootstrapOptions& options_;
  ClusterSizes sizes_;
  std::vector<std::vector<std::uint32_t>> strata_;
  std::size_t blocks_;
  std::vector<RankedClusters> ranked_;       // per model
  std::vector<std::vector<double>> values_;  // [model][draw]; 0 where a draw has one class only
  std::vector<std::uint8_t> defined_;        // per draw, whether it has both classes
};

}  // namespace

Bootstrap bootstrap_aucs(const LabelledCases& cases,
                         std::span<const std::span<const double>> models,
                         const BootstrapOptions& options) {
  if (options.draws < 1 || options.draws > 10'000'000) {
    throw Error(ErrorKind::kUsage, "bootstrap", std::to_string(options.draws) + " draws",
                "1 to 10000000 are supported");
  }
  return AucBootstrap(cases, models, options).run();
}

std::optional<Jackknife> jackknife_aucs(const LabelledCases& cases, std::span<const double> scores,
                                        bool stratified) {
  const Placements all = placements(cases.labels, scores);
  const ClusterSizes sizes(cases);
  const std::size_t clusters = sizes.positives.size();
  const std::vector<std::uint64_t> within = wins_within(cases, scores, clusters);
  // Twice the pairs won that a cluster is part of: those of its positives and of its negatives,
  // less those counted in both.
  std::vector<std::uint64_t> part(clusters);
  for (std::size_t row = 0; row < scores.size(); ++row) {
    part[cluster_of(cases, row)] += all.twice[row];
  }
  Jackknife result;
  for (const std::vector<std::uint32_t>& stratum : strata(sizes, stratified)) {
    std::vector<double>& values = result.emplace_back();
    values.reserve(stratum.size());
    for (const std::uint32_t cluster : stratum) {
      const AucCounts rest{.positives = all.counts.positives - sizes.positives[cluster],
                           .negatives = all.counts.negatives - sizes.negatives[cluster],
                           .twice_wins = all.counts.twice_wins - (part[cluster] - within[cluster])};
      if (!rest.defined()) return std::nullopt;
      values.push_back(rest.value());
    }
  }
  return result;
}

std::optional<ConfidenceInterval> bca_interval(std::vector<double> values, double estimate,
                                               const Jackknife& jackknife, double confidence) {
  const double z = normal_factor(confidence);
  std::sort(values.begin(), values.end());
  const auto [low, high] = std::equal_range(values.begin(), values.end(), estimate);
  const auto half_counts = (low - values.begin()) + (high - values.begin());
  const double share = 0.5 * static_cast<double>(half_counts) / static_cast<double>(values.size());
  const std::optional<double> a = acceleration(jackknife);
  if (!a || !(share > 0 && share < 1)) return std::nullopt;
  const double z0 = normal_quantile(share);
  // The map of levels turns round where 1 - a (z0 + z) is not positive: no interval then.
  if (!(1 - *a * (z0 - z) > 0 && 1 - *a * (z0 + z) > 0)) return std::nullopt;
  const auto level = [&](double factor) {
    const double sum = z0 + factor;
    return normal_lower(z0 + sum / (1 - *a * sum));
  };
  return ConfidenceInterval{.low = quantile(values, level(-z)), .high = quantile(values, level(z))};
}

double standard_deviation(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  CompensatedSum sum;
  for (const double value : values) sum.add(value);
  const double mean = sum.value() / n;
  CompensatedSum squares;
  for (const double value : values) squares.add((value - mean) * (value - mean));
  return std::sqrt(squares.value() / (n - 1));
}

}  // namespace apatite::eval
