#include "eval/roc/bootstrap_kernel.h"

#include <algorithm>
#include <cstring>

// These functions use integers only, so that every instruction set gives the same result. The
// sanitizers do not work with the resolvers of the clones.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define APATITE_INTEGER_CLONES __attribute__((target_clones("arch=haswell", "default")))
#else
#define APATITE_INTEGER_CLONES
#endif

namespace apatite::eval {
namespace {

// Vectors with one number for each draw.
using Bytes [[gnu::vector_size(kDrawsAtOnce)]] = std::uint8_t;
using Words [[gnu::vector_size(2 * kDrawsAtOnce)]] = std::uint16_t;
using Longs [[gnu::vector_size(4 * kDrawsAtOnce)]] = std::uint32_t;
using Giants [[gnu::vector_size(8 * kDrawsAtOnce)]] = std::uint64_t;

// The sum of this many counts of one byte fits in two bytes.
constexpr std::size_t kRowsPerWord = 257;

[[gnu::always_inline]] inline void load(const DrawCounts& counts, Bytes& bytes) {
  std::memcpy(&bytes, counts.of.data(), sizeof bytes);
}

// Adds to `sum` how often each draw has the clusters begin .. end - 1 of the list.
[[gnu::always_inline]] inline void add_counts(const std::uint32_t* clusters, std::size_t begin,
                                              std::size_t end, const DrawCounts* counts,
                                              Longs& sum) {
  while (begin < end) {
    const std::size_t stop = std::min(end, begin + kRowsPerWord);
    Words part{};
    for (; begin < stop; ++begin) {
      Bytes bytes;
      load(counts[clusters[begin]], bytes);
      part += __builtin_convertvector(bytes, Words);
    }
    sum += __builtin_convertvector(part, Longs);
  }
}

void store(const Giants& from, DrawTotals& to) { std::memcpy(to.data(), &from, sizeof from); }

}  // namespace

APATITE_INTEGER_CLONES DrawTotals drawn_twice_wins(const RankedClusters& ranked,
                                                   std::span<const DrawCounts> counts) {
  const std::uint32_t* const negatives = ranked.negatives.data();
  const std::uint32_t* const positives = ranked.positives.data();
  Giants wins{};
  Longs below{};
  std::size_t negative = 0;
  std::size_t positive = 0;
  for (const RankedClusters::Step& step : ranked.steps) {
    add_counts(negatives, negative, step.below, counts.data(), below);
    Longs here{};
    add_counts(positives, positive, step.positives, counts.data(), here);
    positive = step.positives;
    negative = step.equal;
    const Giants won = __builtin_convertvector(here, Giants);
    if (step.equal == step.below) {
      wins += 2 * (won * __builtin_convertvector(below, Giants));
      continue;
    }
    Longs equal{};
    add_counts(negatives, step.below, step.equal, counts.data(), equal);
    wins +=
        won * (2 * __builtin_convertvector(below, Giants) + __builtin_convertvector(equal, Giants));
    below += equal;
  }
  DrawTotals result;
  store(wins, result);
  return result;
}

APATITE_INTEGER_CLONES DrawTotals drawn_total(std::span<const std::uint32_t> sizes,
                                              std::span<const DrawCounts> counts) {
  // The sum of this many products of 255 and a size of 16 bits fits in 32 bits. The high bits of a
  // larger size are summed apart.
  constexpr std::size_t kClustersPerLong = 256;
  constexpr std::uint32_t kLow = 0xffff;
  Giants sum{};
  for (std::size_t cluster = 0; cluster < sizes.size();) {
    const std::size_t stop = std::min(sizes.size(), cluster + kClustersPerLong);
    Longs part{};
    for (; cluster < stop; ++cluster) {
      if (sizes[cluster] == 0) continue;
      Bytes bytes;
      load(counts[cluster], bytes);
      const Longs count = __builtin_convertvector(bytes, Longs);
      part += count * (sizes[cluster] & kLow);
      if (sizes[cluster] > kLow) {
        sum += __builtin_convertvector(count * (sizes[cluster] >> 16U), Giants) << 16U;
      }
    }
    sum += __builtin_convertvector(part, Giants);
  }
  DrawTotals result;
  store(sum, result);
  return result;
}

}  // namespace apatite::eval
