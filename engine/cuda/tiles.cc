#include "engine/cuda/tiles.h"

#include <algorithm>

namespace apatite::engine::cuda {
namespace {

std::int64_t divide_up(std::int64_t value, std::int64_t by) { return (value + by - 1) / by; }

// An estimate in clock cycles. A multiprocessor has four schedulers, each of which issues one
// instruction of a warp per cycle. The constants fit times on an H200 (bench/cuda_kernels.cc): the
// tiles that they choose take 0 to 4 % longer than the best ones.
double cost(const ConvArgs& args, const TileShape& tile, int multiprocessors) {
  constexpr std::int64_t kSchedulers = 4;
  constexpr std::int64_t kWarp = 32;
  constexpr std::int64_t kThreads = 512;  // of a multiprocessor, as far as registers go
  constexpr std::int64_t kSharedBytes = 220'000;
  constexpr double kStart = 4000;         // of a block: its first step comes from far away
  constexpr double kWaiting = 500;        // of a step: for the barrier, for shared memory
  constexpr double kPerLoad = 3;          // of up to four values from shared memory
  constexpr double kPerTap = 16;          // to copy one value of x
  constexpr double kPerPointwiseTap = 1;  // where four are copied at once
  constexpr double kPerNorm = 14;         // to normalise it
  constexpr double kPerWeights = 2.5;     // to copy one weight
  constexpr double kStall = 1.25;         // cycles per instruction
  const double per_tap = (args.pointwise() ? kPerPointwiseTap : kPerTap) +
                         (args.norm_scale != nullptr ? kPerNorm : 0.0);
  const double per_thread = static_cast<double>(tile.depth()) / tile.threads();
  const int loads = (tile.thread_out + 3) / 4 + (tile.thread_pixels + 3) / 4;
  const double instructions =
      tile.depth() * (tile.thread_out * tile.thread_pixels + kPerLoad * loads) +
      per_thread * (tile.pixels * per_tap + tile.out * kPerWeights);
  const std::int64_t blocks =
      args.groups * divide_up(args.out_per_group, tile.out) * divide_up(args.pixels(), tile.pixels);
  const std::int64_t per_processor = divide_up(blocks, multiprocessors);
  const std::int64_t resident = std::max<std::int64_t>(
      1, std::min(kThreads / tile.threads(), kSharedBytes / tile.shared_bytes()));
  const auto cycles = [&](std::int64_t together) {
    const auto warps =
        static_cast<double>(divide_up(together * tile.threads(), kWarp * kSchedulers));
    return kStart + static_cast<double>(divide_up(args.depth, tile.depth())) *
                        std::max(kWaiting + instructions, kStall * warps * instructions);
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

}  // namespace apatite::engine::cuda
