#include "eval/bootstrap.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "eval/lanes.h"
#include "eval/sorted_keys.h"
#include "eval/special.h"

namespace apatite {
namespace {

// For each thread, kLanes counts per cluster: at most this many bytes in all.
constexpr std::size_t kMostCountBytes = std::size_t{1} << 28U;

std::uint32_t cluster_of(const Cases& cases, std::size_t row) {
  return cases.clusters.empty() ? static_cast<std::uint32_t>(row)
                                : static_cast<std::uint32_t>(cases.clusters[row]);
}

struct ClusterSizes {
  std::vector<std::uint32_t> positives;
  std::vector<std::uint32_t> negatives;

  explicit ClusterSizes(const Cases& cases) {
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

std::vector<OrderedCase> ordered_cases(const Cases& cases, std::span<const double> scores,
                                       int threads) {
  check_labels_and_scores(cases.labels, scores);
  std::vector<KeyedRow> rows(scores.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    rows[row] = {.key = ordered_key(scores[row]), .row = static_cast<std::uint32_t>(row)};
  }
  sort_keys(rows, threads);
  std::vector<OrderedCase> ordered(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ordered[i] = {.cluster = cluster_of(cases, rows[i].row),
                  .positive = cases.labels[rows[i].row] == 1,
                  .last_of_equals = i + 1 == rows.size() || rows[i + 1].key != rows[i].key};
  }
  return ordered;
}

// floor(bits k / 2^64).
std::uint64_t scaled(std::uint64_t bits, std::uint64_t k) {
  return static_cast<std::uint64_t>((Uint128{bits} * k) >> 64U);
}

// Of the draws first .. first + kLanes - 1, how often each has every cluster. `of_one` is for the
// counts of one draw, which are counted close together.
void draw_clusters(const std::vector<std::vector<std::uint32_t>>& all_strata, std::uint64_t seed,
                   std::uint64_t first, std::vector<std::uint32_t>& of_one,
                   std::vector<Lanes32>& counts) {
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    std::fill(of_one.begin(), of_one.end(), 0);
    const std::uint64_t stream = random_stream(seed, first + lane);
    std::uint64_t counter = 0;
    for (const std::vector<std::uint32_t>& stratum : all_strata) {
      for (std::size_t i = 0; i < stratum.size(); ++i) {
        ++of_one[stratum[scaled(random_bits(stream, counter++), stratum.size())]];
      }
    }
    for (std::size_t cluster = 0; cluster < counts.size(); ++cluster) {
      counts[cluster][lane] = of_one[cluster];
    }
  }
}

// Twice the pairs won, for each draw.
Lanes64 twice_wins(const std::vector<OrderedCase>& ordered, const std::vector<Lanes32>& counts) {
  Lanes64 wins{};
  Lanes32 below{};  // negatives with a smaller score
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    const Lanes32& count = counts[ordered[i].cluster];
    if (ordered[i].last_of_equals) {
      if (ordered[i].positive) {
        for (std::size_t k = 0; k < kLanes; ++k) {
          wins[k] += 2 * (std::uint64_t{count[k]} * below[k]);
        }
      } else {
        for (std::size_t k = 0; k < kLanes; ++k) below[k] += count[k];
      }
      continue;
    }
    Lanes32 positives{};
    Lanes32 negatives{};
    for (bool more = true; more; ++i) {
      const Lanes32& equal = counts[ordered[i].cluster];
      Lanes32& sum = ordered[i].positive ? positives : negatives;
      for (std::size_t k = 0; k < kLanes; ++k) sum[k] += equal[k];
      more = !ordered[i].last_of_equals;
    }
    --i;
    for (std::size_t k = 0; k < kLanes; ++k) {
      wins[k] += std::uint64_t{positives[k]} * (2 * std::uint64_t{below[k]} + negatives[k]);
      below[k] += negatives[k];
    }
  }
  return wins;
}

struct Sizes {
  Lanes64 positives{};
  Lanes64 negatives{};
};

Sizes drawn_sizes(const ClusterSizes& sizes, const std::vector<Lanes32>& counts) {
  Sizes drawn;
  for (std::size_t cluster = 0; cluster < counts.size(); ++cluster) {
    for (std::size_t k = 0; k < kLanes; ++k) {
      drawn.positives[k] += std::uint64_t{counts[cluster][k]} * sizes.positives[cluster];
      drawn.negatives[k] += std::uint64_t{counts[cluster][k]} * sizes.negatives[cluster];
    }
  }
  return drawn;
}

// Twice the pairs won among the cases of one cluster, for each cluster; `ordered` by score.
std::vector<std::uint64_t> wins_within(const std::vector<OrderedCase>& ordered,
                                       std::size_t clusters) {
  std::vector<std::uint64_t> wins(clusters);
  std::vector<std::uint32_t> below(clusters);
  std::vector<std::uint32_t> equal(clusters);
  for (std::size_t begin = 0; begin < ordered.size();) {
    std::size_t end = begin;
    while (!ordered[end].last_of_equals) ++end;
    ++end;
    for (std::size_t i = begin; i < end; ++i) {
      if (!ordered[i].positive) ++equal[ordered[i].cluster];
    }
    for (std::size_t i = begin; i < end; ++i) {
      const std::uint32_t cluster = ordered[i].cluster;
      if (ordered[i].positive) wins[cluster] += 2 * std::uint64_t{below[cluster]} + equal[cluster];
    }
    for (std::size_t i = begin; i < end; ++i) {
      const std::uint32_t cluster = ordered[i].cluster;
      below[cluster] += equal[cluster];
      equal[cluster] = 0;
    }
    begin = end;
  }
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

}  // namespace

Bootstrap bootstrap_aucs(const Cases& cases, std::span<const std::span<const double>> models,
                         const BootstrapOptions& options) {
  if (options.draws < 1 || options.draws > 10'000'000) {
    throw Error(ErrorKind::kUsage, "bootstrap", std::to_string(options.draws) + " draws",
                "1 to 10000000 are supported");
  }
  const ClusterSizes sizes(cases);
  const std::vector<std::vector<std::uint32_t>> all_strata = strata(sizes, options.stratified);
  std::vector<std::vector<OrderedCase>> ordered;
  ordered.reserve(models.size());
  for (const std::span<const double> scores : models) {
    ordered.push_back(ordered_cases(cases, scores, options.threads));
  }
  const std::size_t clusters = sizes.positives.size();
  const int blocks = (options.draws + kLanes - 1) / kLanes;
  const std::size_t fitting = kMostCountBytes / (clusters * sizeof(Lanes32) + 1);
  [[maybe_unused]] const int threads = static_cast<int>(std::clamp<std::size_t>(
      fitting, 1,
      static_cast<std::size_t>(options.threads > 0 ? options.threads : omp_get_max_threads())));
  const auto padded = static_cast<std::size_t>(blocks) * kLanes;
  std::vector<std::vector<double>> values(models.size(), std::vector<double>(padded));
  std::vector<std::uint8_t> defined(padded);
  bool too_large = false;
#pragma omp parallel num_threads(std::min(threads, blocks))
  {
    std::vector<Lanes32> counts(clusters);
    std::vector<std::uint32_t> of_one(clusters);
#pragma omp for schedule(dynamic, 1) reduction(|| : too_large)
    for (int block = 0; block < blocks; ++block) {
      const std::size_t first = static_cast<std::size_t>(block) * kLanes;
      draw_clusters(all_strata, options.seed, first, of_one, counts);
      const Sizes drawn = drawn_sizes(sizes, counts);
      for (std::size_t k = 0; k < kLanes; ++k) {
        defined[first + k] = drawn.positives[k] > 0 && drawn.negatives[k] > 0 ? 1 : 0;
        too_large = too_large || drawn.positives[k] + drawn.negatives[k] >= 0x100000000U;
      }
      for (std::size_t model = 0; model < models.size(); ++model) {
        const Lanes64 wins = twice_wins(ordered[model], counts);
        for (std::size_t k = 0; k < kLanes; ++k) {
          const AucCounts auc{drawn.positives[k], drawn.negatives[k], wins[k]};
          values[model][first + k] = defined[first + k] != 0 ? auc.value() : 0;
        }
      }
    }
  }
  if (too_large) {
    throw Error(ErrorKind::kUsage, "bootstrap", "a draw has 2^32 cases or more",
                "use DeLong's interval");
  }
  Bootstrap result;
  result.values.resize(models.size());
  for (std::size_t draw = 0; draw < static_cast<std::size_t>(options.draws); ++draw) {
    if (defined[draw] == 0) {
      ++result.undefined;
      continue;
    }
    for (std::size_t model = 0; model < models.size(); ++model) {
      result.values[model].push_back(values[model][draw]);
    }
  }
  return result;
}

std::optional<Jackknife> jackknife_aucs(const Cases& cases, std::span<const double> scores,
                                        bool stratified) {
  const Placements all = placements(cases.labels, scores);
  const ClusterSizes sizes(cases);
  const std::size_t clusters = sizes.positives.size();
  const std::vector<std::uint64_t> within = wins_within(ordered_cases(cases, scores, 0), clusters);
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

double quantile(std::span<const double> sorted, double q) {
  if (sorted.empty()) throw Error(ErrorKind::kInternal, "quantile", "there are no values");
  const double at = q * static_cast<double>(sorted.size() - 1);
  const double below = std::floor(at);
  const auto index = std::min(static_cast<std::size_t>(below), sorted.size() - 1);
  const std::size_t next = std::min(index + 1, sorted.size() - 1);
  return sorted[index] + (at - below) * (sorted[next] - sorted[index]);
}

AucInterval percentile_interval(std::vector<double> values, double confidence) {
  (void)normal_factor(confidence);  // refuses what is no confidence
  std::sort(values.begin(), values.end());
  const double tail = 0.5 * (1 - confidence);
  return {.lower = quantile(values, tail), .upper = quantile(values, 1 - tail)};
}

std::optional<AucInterval> bca_interval(std::vector<double> values, double estimate,
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
  return AucInterval{.lower = quantile(values, level(-z)), .upper = quantile(values, level(z))};
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

}  // namespace apatite
