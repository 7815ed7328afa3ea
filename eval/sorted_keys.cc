#include "eval/sorted_keys.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <cstddef>

namespace apatite {
namespace {

constexpr std::size_t kBuckets = 256;
constexpr int kBytes = 8;
// Below this many rows a thread of its own costs more than it brings.
constexpr std::size_t kRowsPerThread = 1U << 16U;
using Histogram = std::array<std::size_t, kBuckets>;

std::uint64_t key_of(std::uint64_t key) { return key; }
std::uint64_t key_of(const KeyedRow& row) { return row.key; }

std::size_t byte_of(std::uint64_t key, int byte) { return (key >> (8 * byte)) & 0xffU; }

// The bits in which two keys differ.
template <typename Row>
std::uint64_t differing_bits(const std::vector<Row>& rows) {
  std::uint64_t bits = 0;
  for (const Row& row : rows) bits |= key_of(row) ^ key_of(rows.front());
  return bits;
}

template <typename Row>
void radix_sort(std::vector<Row>& rows, int threads) {
  if (rows.size() < 2) return;
  if (rows.size() < 2048) {
    std::stable_sort(rows.begin(), rows.end(),
                     [](const Row& a, const Row& b) { return key_of(a) < key_of(b); });
    return;
  }
  const std::uint64_t differing = differing_bits(rows);
  const auto useful = static_cast<int>(std::min<std::size_t>(rows.size() / kRowsPerThread + 1, 64));
  const int team = std::min(threads > 0 ? threads : omp_get_max_threads(), useful);
  std::vector<Row> other(rows.size());
  std::vector<Histogram> starts(static_cast<std::size_t>(team));
  const std::size_t share =
      (rows.size() + static_cast<std::size_t>(team) - 1) / static_cast<std::size_t>(team);
  for (int byte = 0; byte < kBytes; ++byte) {
    if (byte_of(differing, byte) == 0) continue;
      // Each thread counts and then moves its own part; where a part's bucket begins does not
      // depend on who moves it.
#pragma omp parallel for num_threads(team) schedule(static, 1)
    for (int part = 0; part < team; ++part) {
      Histogram counts{};
      const std::size_t begin = std::min(rows.size(), static_cast<std::size_t>(part) * share);
      const std::size_t end = std::min(rows.size(), begin + share);
      for (std::size_t i = begin; i < end; ++i) ++counts[byte_of(key_of(rows[i]), byte)];
      starts[static_cast<std::size_t>(part)] = counts;
    }
    std::size_t at = 0;
    for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
      for (Histogram& start : starts) {
        const std::size_t count = start[bucket];
        start[bucket] = at;
        at += count;
      }
    }
#pragma omp parallel for num_threads(team) schedule(static, 1)
    for (int part = 0; part < team; ++part) {
      Histogram to = starts[static_cast<std::size_t>(part)];
      const std::size_t begin = std::min(rows.size(), static_cast<std::size_t>(part) * share);
      const std::size_t end = std::min(rows.size(), begin + share);
      for (std::size_t i = begin; i < end; ++i) {
        other[to[byte_of(key_of(rows[i]), byte)]++] = rows[i];
      }
    }
    rows.swap(other);
  }
}

}  // namespace

void sort_keys(std::vector<std::uint64_t>& keys, int threads) { radix_sort(keys, threads); }
void sort_keys(std::vector<KeyedRow>& rows, int threads) { radix_sort(rows, threads); }

}  // namespace apatite
