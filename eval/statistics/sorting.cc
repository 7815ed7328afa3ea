#include "eval/statistics/sorting.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <memory>
#include <utility>

namespace apatite::eval {
namespace {

// Up to this many rows are sorted by insertion.
constexpr std::size_t kFew = 24;
// A part of more than kNear rows does not fit in the cache and is divided into kFarBuckets buckets.
// A smaller part is divided into one bucket for every kRowsPerNearBucket rows.
constexpr std::size_t kFarBuckets = 1024;
constexpr std::size_t kNear = std::size_t{1} << 16U;
constexpr std::size_t kRowsPerNearBucket = 4;
// For fewer rows a thread costs more time than it saves.
constexpr std::size_t kRowsPerThread = std::size_t{1} << 17U;

void insertion_sort(KeyedRow* rows, std::size_t count) {
  for (std::size_t i = 1; i < count; ++i) {
    const KeyedRow row = rows[i];
    std::size_t j = i;
    for (; j > 0 && row.key < rows[j - 1].key; --j) rows[j] = rows[j - 1];
    rows[j] = row;
  }
}

struct Range {
  std::uint64_t least = ~std::uint64_t{0};
  std::uint64_t most = 0;
};

Range range_of(const KeyedRow* rows, std::size_t count) {
  Range range;
  for (std::size_t i = 0; i < count; ++i) {
    range.least = std::min(range.least, rows[i].key);
    range.most = std::max(range.most, rows[i].key);
  }
  return range;
}

// The bucket of a key is its distance from the least key without the last `shift` bits. A larger
// key is never in an earlier bucket.
struct Buckets {
  std::uint64_t least = 0;
  int shift = 0;
  std::size_t count = 0;

  Buckets(const Range& range, std::size_t most) : least(range.least) {
    const std::uint64_t width = range.most - range.least;
    shift = std::max(
        0, static_cast<int>(std::bit_width(width)) - (static_cast<int>(std::bit_width(most)) - 1));
    count = static_cast<std::size_t>(width >> static_cast<unsigned>(shift)) + 1;
  }
  [[nodiscard]] std::size_t of(std::uint64_t key) const {
    return static_cast<std::size_t>((key - least) >> static_cast<unsigned>(shift));
  }
  // Whether all keys of a bucket are equal.
  [[nodiscard]] bool exact() const { return shift == 0; }
};

// Sorts `rows`; the result is in `rows`, or in `other` if `to_other`. Each level of the recursion
// moves the rows to their buckets in the other array. The range of the keys shrinks with each level
// by a factor of the number of buckets, so that there are few levels for any keys.
void sort_part(KeyedRow* rows, KeyedRow* other, std::size_t count, bool to_other) {
  if (count <= kFew) {
    insertion_sort(rows, count);
    if (to_other) std::copy(rows, rows + count, other);
    return;
  }
  const Range range = range_of(rows, count);
  if (range.least == range.most) {
    if (to_other) std::copy(rows, rows + count, other);
    return;
  }
  const Buckets buckets(range, count <= kNear ? count / kRowsPerNearBucket : kFarBuckets);
  std::vector<std::uint32_t> ends(buckets.count);
  for (std::size_t i = 0; i < count; ++i) ++ends[buckets.of(rows[i].key)];
  std::uint32_t at = 0;
  for (std::uint32_t& end : ends) at += std::exchange(end, at);
  for (std::size_t i = 0; i < count; ++i) other[ends[buckets.of(rows[i].key)]++] = rows[i];
  std::size_t begin = 0;
  for (const std::uint32_t end : ends) {
    const std::size_t size = end - begin;
    if (buckets.exact() || size <= kFew) {
      if (!buckets.exact()) insertion_sort(other + begin, size);
      if (!to_other) std::copy(other + begin, other + end, rows + begin);
    } else {
      sort_part(other + begin, rows + begin, size, !to_other);
    }
    begin = end;
  }
}

// Does the first level with several threads, each of which counts and then moves its own share of
// the rows, and then sorts the buckets. Where a row goes does not depend on the thread that moves
// it.
void sort_by_team(KeyedRow* rows, KeyedRow* other, std::size_t count, int team) {
  const auto parts = static_cast<std::size_t>(team);
  const std::size_t share = (count + parts - 1) / parts;
  const auto begin_of = [&](std::size_t part) { return std::min(count, part * share); };
  std::vector<Range> ranges(parts);
#pragma omp parallel for num_threads(team) schedule(static, 1)
  for (std::size_t part = 0; part < parts; ++part) {
    ranges[part] = range_of(rows + begin_of(part), begin_of(part + 1) - begin_of(part));
  }
  Range range;
  for (const Range& one : ranges) {
    range.least = std::min(range.least, one.least);
    range.most = std::max(range.most, one.most);
  }
  if (range.least == range.most) return;
  const Buckets buckets(range, kFarBuckets);
  std::vector<std::vector<std::size_t>> places(parts);
#pragma omp parallel for num_threads(team) schedule(static, 1)
  for (std::size_t part = 0; part < parts; ++part) {
    std::vector<std::size_t> counts(buckets.count);
    for (std::size_t i = begin_of(part); i < begin_of(part + 1); ++i) {
      ++counts[buckets.of(rows[i].key)];
    }
    places[part] = std::move(counts);
  }
  std::vector<std::size_t> begins{0};
  std::size_t at = 0;
  for (std::size_t bucket = 0; bucket < buckets.count; ++bucket) {
    for (std::vector<std::size_t>& place : places) at += std::exchange(place[bucket], at);
    begins.push_back(at);
  }
#pragma omp parallel for num_threads(team) schedule(static, 1)
  for (std::size_t part = 0; part < parts; ++part) {
    std::vector<std::size_t> to = std::move(places[part]);
    for (std::size_t i = begin_of(part); i < begin_of(part + 1); ++i) {
      other[to[buckets.of(rows[i].key)]++] = rows[i];
    }
  }
#pragma omp parallel for num_threads(team) schedule(dynamic, 1)
  for (std::size_t bucket = 0; bucket < buckets.count; ++bucket) {
    const std::size_t begin = begins[bucket];
    sort_part(other + begin, rows + begin, begins[bucket + 1] - begin, true);
  }
}

}  // namespace

void sort_keys(std::vector<KeyedRow>& rows, int threads) {
  const std::size_t count = rows.size();
  const auto useful = static_cast<int>(std::min<std::size_t>(count / kRowsPerThread + 1, 64));
  const int team = std::min(threads > 0 ? threads : omp_get_max_threads(), useful);
  const auto other = std::make_unique_for_overwrite<KeyedRow[]>(count);
  if (count <= kNear) {
    sort_part(rows.data(), other.get(), count, false);
  } else {
    sort_by_team(rows.data(), other.get(), count, team);
  }
}

std::vector<KeyedRow> rows_by_score(std::span<const double> scores, int threads) {
  std::vector<KeyedRow> rows(scores.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    rows[row] = {.key = ordered_key(scores[row]), .row = static_cast<std::uint32_t>(row)};
  }
  sort_keys(rows, threads);
  return rows;
}

}  // namespace apatite::eval
