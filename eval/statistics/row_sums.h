// Sums over millions of rows by all threads, with the same bits for any number of threads.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "eval/statistics/exact_sums.h"

namespace apatite::eval {

// The sums of term(row), an array of kSums numbers, over the rows 0 .. count - 1. Rows are summed
// in blocks of 2^14 rows, in their order, and then the blocks in their order. All sums are
// compensated.
template <std::size_t kSums, class Term>
std::array<double, kSums> row_sums(std::size_t count, const Term& term) {
  constexpr std::size_t kBlock = std::size_t{1} << 14U;
  const std::size_t blocks = (count + kBlock - 1) / kBlock;
  std::vector<std::array<CompensatedSum, kSums>> parts(blocks);
#pragma omp parallel for schedule(static) if (blocks > 1)
  for (std::size_t block = 0; block < blocks; ++block) {
    std::array<CompensatedSum, kSums> sums;
    const std::size_t end = std::min(count, (block + 1) * kBlock);
    for (std::size_t row = block * kBlock; row < end; ++row) {
      const std::array<double, kSums> terms = term(row);
      for (std::size_t k = 0; k < kSums; ++k) sums[k].add(terms[k]);
    }
    parts[block] = sums;
  }
  std::array<CompensatedSum, kSums> all;
  for (const auto& part : parts) {
    for (std::size_t k = 0; k < kSums; ++k) all[k].add(part[k]);
  }
  std::array<double, kSums> result;
  for (std::size_t k = 0; k < kSums; ++k) result[k] = all[k].value();
  return result;
}

}  // namespace apatite::eval
