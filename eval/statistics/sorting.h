// Sorts scores as integers.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace apatite::eval {

// An integer that compares like the number: equal for equal numbers (-0 and 0 are equal), and
// larger for a larger number. Not for NaN.
inline std::uint64_t ordered_key(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value + 0.0);
  const auto sign = static_cast<std::uint64_t>(static_cast<std::int64_t>(bits) >> 63);
  return bits ^ (sign | 0x8000000000000000U);
}

struct KeyedRow {
  std::uint64_t key;
  std::uint32_t row;
};

// Sorts ascending and stably, by distribution: rows are moved to about a thousand buckets by their
// distance from the least key, the rows of a bucket to one bucket for every few rows, and those are
// sorted by insertion. `threads` share the work; 0 means all that the process may use. Highway's
// VQSort of 128-bit keys gives the same order, but sorts with one thread only.
void sort_keys(std::vector<KeyedRow>& rows, int threads = 0);

// All rows in ascending order of their scores, equal scores in the order of the rows.
std::vector<KeyedRow> rows_by_score(std::span<const double> scores, int threads = 0);

}  // namespace apatite::eval
