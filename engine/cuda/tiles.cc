#include "engine/cuda/tiles.h"

#include <algorithm>

namespace apatite::cuda {
namespace {

std::int64_t divide_up(std::int64_t value, std::int64_t by) { return (value + by - 1) / by; }

// An estimate in clock cycles. A multiprocessor has four schedulers, each of which issues one
// instruction of a warp per cycle; a chain takes a step every four cycles at most.
double cost(const ConvArgs& args, const TileShape& tile, int multiprocessors) {
  constexpr int kSchedulers = 4;
  constexpr int kWarp = 32;
  constexpr int kMostThreads = 1024;  // of a multiprocessor, as far as registers go
  constexpr double kStartCycles = 1500;
  const double per_step = tile.thread_out * tile.thread_pixels +
                          // loads of both factors, and what a thread copies for the block
                          1.0 * (tile.thread_out + tile.thread_pixels) / 2 +
                          8.0 * tile.pixels / tile.threads() + 1.0;
  const double least_step = 4.0 + (tile.thread_out + tile.thread_pixels) / 2.0;
  const std::int64_t blocks =
      args.groups * divide_up(args.out_per_group, tile.out) * divide_up(args.pixels(), tile.pixels);
  const std::int64_t per_processor = divide_up(blocks, multiprocessors);
  const std::int64_t resident = std::max(1, kMostThreads * 7 / 16 / tile.threads());
  const auto cycles = [&](std::int64_t together) {
    const double warps = static_cast<double>(
        divide_up(together * tile.threads(), std::int64_t{kWarp} * kSchedulers));
    return kStartCycles + args.depth * std::max(least_step, warps * per_step);
  };
  const std::int64_t rounds = per_processor / resident;
  const std::int64_t rest = per_processor % resident;
  return static_cast<double>(rounds) * cycles(resident) + (rest > 0 ? cycles(rest) : 0.0);
}

}  // namespace

bool runs_in_tiles(const ConvArgs& args) {
  constexpr std::int32_t kFewest = 8;
  return args.groups == 1 || args.out_per_group >= kFewest;
}

std::size_t choose_tile(const ConvArgs& args, int multiprocessors) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < kTiles.size(); ++i) {
    if (cost(args, kTiles[i], multiprocessors) < cost(args, kTiles[best], multiprocessors)) {
      best = i;
    }
  }
  return best;
}

}  // namespace apatite::cuda
