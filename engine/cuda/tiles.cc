#include "engine/cuda/tiles.h"

#include <algorithm>

namespace apatite::cuda {
namespace {

std::int64_t divide_up(std::int64_t value, std::int64_t by) { return (value + by - 1) / by; }

// An estimate in clock cycles. A multiprocessor has four schedulers, each of which issues one
// instruction of a warp per cycle. The constants fit times on an H200 (bench/cuda_kernels.cc).
double cost(const ConvArgs& args, const TileShape& tile, int multiprocessors) {
  constexpr std::int64_t kSchedulers = 4;
  constexpr std::int64_t kWarp = 32;
  constexpr std::int64_t kMostThreads = 512;  // of a multiprocessor, as far as registers go
  constexpr double kWaiting = 380;            // of a step: for the barrier, for shared memory
  constexpr double kStart = 2500;             // of a block: the first step comes from far away
  constexpr double kPerTap = 16;              // instructions that copy one value of x
  const double instructions =
      tile.depth() * (tile.thread_out * tile.thread_pixels +
                      // loads of up to four values from shared memory
                      (tile.thread_out + 3) / 4 + (tile.thread_pixels + 3) / 4) +
      kPerTap * tile.depth() * tile.pixels / tile.threads() + 30;
  const std::int64_t blocks =
      args.groups * divide_up(args.out_per_group, tile.out) * divide_up(args.pixels(), tile.pixels);
  const std::int64_t per_processor = divide_up(blocks, multiprocessors);
  const std::int64_t resident = std::max<std::int64_t>(1, kMostThreads / tile.threads());
  const auto cycles = [&](std::int64_t together) {
    const auto warps =
        static_cast<double>(divide_up(together * tile.threads(), kWarp * kSchedulers));
    return kStart + static_cast<double>(divide_up(args.depth, tile.depth())) *
                        std::max(kWaiting + instructions, 1.1 * warps * instructions);
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
