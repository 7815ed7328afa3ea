#include "eval/roc/permutation.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "eval/statistics/sorting.h"

namespace apatite::eval {
namespace {

// Several draws are computed at once, with one lane for each draw, so that the compiler can use
// vectors.
constexpr int kLanes = 8;
using Lanes32 = std::array<std::uint32_t, kLanes>;
using Lanes64 = std::array<std::uint64_t, kLanes>;

// Twice the midrank of each score; the smallest possible value is 2.
std::vector<std::uint32_t> twice_midranks(std::span<const double> scores, int threads) {
  const std::vector<KeyedRow> rows = rows_by_score(scores, threads);
  std::vector<std::uint32_t> ranks(scores.size());
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin;
    while (end < rows.size() && rows[end].key == rows[begin].key) ++end;
    for (std::size_t i = begin; i < end; ++i) {
      ranks[rows[i].row] = static_cast<std::uint32_t>(begin + end + 1);
    }
    begin = end;
  }
  return ranks;
}

// One of the two ranks of a case, in the order of the ranks of both models.
struct Entry {
  std::uint32_t cluster = 0;
  bool positive = false;
  bool of_b = false;
  bool last_of_equals = true;
};

std::vector<Entry> ordered_entries(const LabelledCases& cases, std::span<const double> a,
                                   std::span<const double> b, int threads) {
  const std::vector<std::uint32_t> ranks_a = twice_midranks(a, threads);
  const std::vector<std::uint32_t> ranks_b = twice_midranks(b, threads);
  const std::size_t rows = a.size();
  std::vector<KeyedRow> keyed(2 * rows);
  for (std::size_t row = 0; row < rows; ++row) {
    keyed[row] = {.key = ranks_a[row], .row = static_cast<std::uint32_t>(row)};
    keyed[rows + row] = {.key = ranks_b[row], .row = static_cast<std::uint32_t>(rows + row)};
  }
  sort_keys(keyed, threads);
  std::vector<Entry> entries(keyed.size());
  for (std::size_t i = 0; i < keyed.size(); ++i) {
    const std::size_t row = keyed[i].row < rows ? keyed[i].row : keyed[i].row - rows;
    entries[i] = {.cluster = cases.clusters.empty()
                                 ? static_cast<std::uint32_t>(row)
                                 : static_cast<std::uint32_t>(cases.clusters[row]),
                  .positive = cases.labels[row] == 1,
                  .of_b = keyed[i].row >= rows,
                  .last_of_equals = i + 1 == keyed.size() || keyed[i + 1].key != keyed[i].key};
  }
  return entries;
}

// For each draw, twice the number of pairs that a wins minus twice those that b wins.
// exchanged[cluster][draw] has all bits set for an exchange, and is 0 for none.
std::array<std::int64_t, kLanes> differences(const std::vector<Entry>& entries,
                                             const std::vector<Lanes32>& exchanged) {
  Lanes64 won_by_a{};
  Lanes64 won_by_b{};
  Lanes32 below_a{};  // negatives with a smaller rank
  Lanes32 below_b{};
  for (std::size_t begin = 0; begin < entries.size();) {
    // The numbers of positives and negatives with equal ranks, for each model.
    Lanes32 positive_a{};
    Lanes32 positive_b{};
    Lanes32 negative_a{};
    Lanes32 negative_b{};
    for (bool more = true; more; ++begin) {
      const Entry& entry = entries[begin];
      const Lanes32& flips = exchanged[entry.cluster];
      const std::uint32_t own = entry.of_b ? ~std::uint32_t{0} : 0;
      Lanes32& count_a = entry.positive ? positive_a : negative_a;
      Lanes32& count_b = entry.positive ? positive_b : negative_b;
      for (std::size_t k = 0; k < kLanes; ++k) {
        const std::uint32_t is_b = (flips[k] ^ own) & 1U;
        count_a[k] += 1 - is_b;
        count_b[k] += is_b;
      }
      more = !entry.last_of_equals;
    }
    for (std::size_t k = 0; k < kLanes; ++k) {
      won_by_a[k] += std::uint64_t{positive_a[k]} * (2 * std::uint64_t{below_a[k]} + negative_a[k]);
      won_by_b[k] += std::uint64_t{positive_b[k]} * (2 * std::uint64_t{below_b[k]} + negative_b[k]);
      below_a[k] += negative_a[k];
      below_b[k] += negative_b[k];
    }
  }
  std::array<std::int64_t, kLanes> result{};
  for (std::size_t k = 0; k < kLanes; ++k) {
    result[k] = static_cast<std::int64_t>(won_by_a[k]) - static_cast<std::int64_t>(won_by_b[k]);
  }
  return result;
}

// Sets the exchanges of the draws first .. first + kLanes - 1. `present` lists the clusters with a
// case.
void draw_exchanges(const std::vector<std::uint32_t>& present, bool exact, std::uint64_t seed,
                    std::uint64_t first, std::vector<Lanes32>& exchanged) {
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const std::uint64_t draw = first + lane;
    const std::uint64_t stream = random_stream(seed, draw);
    std::uint64_t bits = exact ? draw : 0;
    for (std::size_t i = 0; i < present.size(); ++i) {
      if (!exact && i % 64 == 0) bits = random_bits(stream, i / 64);
      exchanged[present[i]][lane] = ((bits >> (i % 64)) & 1U) != 0 ? ~std::uint32_t{0} : 0;
    }
  }
}

void check(const LabelledCases& cases, std::span<const double> a, std::span<const double> b,
           const PermutationOptions& options) {
  check_labels_and_scores(cases.labels, a);
  check_labels_and_scores(cases.labels, b);
  if (options.draws < 1 || options.draws > 100'000'000) {
    throw Error(ErrorKind::kUsage, "permutation test", std::to_string(options.draws) + " draws",
                "1 to 100000000 are supported");
  }
  if (a.size() >= std::size_t{1} << 30U) {
    throw Error(ErrorKind::kUsage, "permutation test", "there are 2^30 cases or more",
                "use DeLong's test");
  }
}

// The numbers of the clusters that have a case, ascending.
std::vector<std::uint32_t> present_clusters(const LabelledCases& cases) {
  std::vector<std::uint8_t> is_present(cluster_count(cases));
  for (std::size_t row = 0; row < cases.labels.size(); ++row) {
    is_present[cases.clusters.empty() ? row : static_cast<std::size_t>(cases.clusters[row])] = 1;
  }
  std::vector<std::uint32_t> present;
  for (std::size_t cluster = 0; cluster < is_present.size(); ++cluster) {
    if (is_present[cluster] != 0) present.push_back(static_cast<std::uint32_t>(cluster));
  }
  return present;
}

std::int64_t magnitude(std::int64_t value) { return value < 0 ? -value : value; }

// How many of the exchanges give a difference that is at least `distance` away from 0.
std::int64_t count_as_far(const std::vector<Entry>& entries,
                          const std::vector<std::uint32_t>& present, std::size_t clusters,
                          std::int64_t distance, const PermutationTest& test,
                          const PermutationOptions& options) {
  const std::int64_t blocks = (test.exchanges + kLanes - 1) / kLanes;
  [[maybe_unused]] const int threads =
      options.threads > 0 ? options.threads : omp_get_max_threads();
  std::int64_t as_far = 0;
  std::atomic<std::int64_t> done = 0;
#pragma omp parallel num_threads(static_cast <int>(std::min <std::int64_t>(threads, blocks)))
  {
    std::vector<Lanes32> exchanged(clusters);
#pragma omp for schedule(dynamic, 1) reduction(+ : as_far)
    for (std::int64_t block = 0; block < blocks; ++block) {
      const auto first = static_cast<std::uint64_t>(block * kLanes);
      draw_exchanges(present, test.exact, options.seed, first, exchanged);
      const std::array<std::int64_t, kLanes> all = differences(entries, exchanged);
      for (std::size_t k = 0; k < kLanes; ++k) {
        if (static_cast<std::int64_t>(first + k) >= test.exchanges) break;
        if (magnitude(all[k]) >= distance) ++as_far;
      }
      done += kLanes;
      if (options.progress && omp_get_thread_num() == 0) {
        options.progress("permutations", std::min<std::int64_t>(done, test.exchanges),
                         test.exchanges);
      }
    }
  }
  if (options.progress) options.progress("permutations", test.exchanges, test.exchanges);
  return as_far;
}

}  // namespace

PermutationTest auc_permutation_test(const LabelledCases& cases, std::span<const double> a,
                                     std::span<const double> b, const PermutationOptions& options) {
  check(cases, a, b, options);
  const std::size_t clusters = cluster_count(cases);
  AucCounts counts;
  for (const std::uint8_t label : cases.labels) {
    ++(label == 1 ? counts.positives : counts.negatives);
  }
  if (!counts.defined()) {
    throw Error(ErrorKind::kUsage, "permutation test", "there are cases of one class only",
                "the AUC needs both");
  }
  const std::vector<std::uint32_t> present = present_clusters(cases);
  const std::vector<Entry> entries = ordered_entries(cases, a, b, options.threads);
  const std::int64_t observed = differences(entries, std::vector<Lanes32>(clusters))[0];
  const std::int64_t distance = magnitude(observed);
  PermutationTest result;
  const double size = quotient(static_cast<std::uint64_t>(distance), counts.twice_pairs());
  result.difference = observed < 0 ? -size : size;
  result.exact = present.size() < 31 && (std::int64_t{1} << present.size()) <= options.draws;
  result.exchanges = result.exact ? std::int64_t{1} << present.size() : options.draws;
  const auto as_far = static_cast<std::uint64_t>(
      count_as_far(entries, present, clusters, distance, result, options));
  const auto exchanges = static_cast<std::uint64_t>(result.exchanges);
  result.p_value = result.exact ? quotient(as_far, exchanges) : quotient(as_far + 1, exchanges + 1);
  return result;
}

}  // namespace apatite::eval
