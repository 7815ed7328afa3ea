// Which tile of the convolution kernel runs a convolution: blocks of threads that compute
// `out` channels x `pixels`, of which each thread computes thread_out x thread_pixels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/cuda/convolution.h"

namespace apatite::engine::cuda {

struct TileShape {
  int out;
  int pixels;
  int thread_out;
  int thread_pixels;
  [[nodiscard]] constexpr int threads() const {
    return out / thread_out * (pixels / thread_pixels);
  }
  // Taps of a step. A step costs some hundred cycles of waiting beside its arithmetic, of which a
  // small tile has little.
  [[nodiscard]] constexpr int depth() const {
    return out * pixels > 2048 ? 16 : out * pixels > 1024 ? 32 : 64;
  }
  // Steps that are in shared memory at once, and about what they take there.
  static constexpr int kStages = 4;
  [[nodiscard]] constexpr int shared_bytes() const {
    constexpr int kBytesPerTap = 24;  // where it lies, its batch norm
    return kStages * depth() * ((out + pixels) * static_cast<int>(sizeof(float)) + kBytesPerTap);
  }
};

// The kernels that are built (conv_tiles.cu), largest first: large ones compute most per value that
// they load, small ones keep many processors busy.
inline constexpr std::array kTiles{
    TileShape{128, 128, 8, 8}, TileShape{64, 128, 8, 8}, TileShape{128, 64, 8, 8},
    TileShape{64, 64, 8, 4},   TileShape{32, 128, 4, 8}, TileShape{32, 64, 4, 4},
    TileShape{32, 32, 2, 4},   TileShape{16, 32, 2, 2},  TileShape{16, 16, 2, 2},
    TileShape{8, 16, 1, 2},    TileShape{8, 8, 1, 1},
};

// Every step of every tile ends within so many taps.
inline constexpr int kDepthStep = 64;

// Whether the chains of a launch are computed in tiles; if not, each by a thread of its own: groups
// of few output channels would leave a tile empty.
bool runs_in_tiles(const ConvArgs& args);

// Index in kTiles of the one that should be fastest on a GPU with so many multiprocessors. No
// result depends on it.
std::size_t choose_tile(const ConvArgs& args, int multiprocessors);

}  // namespace apatite::engine::cuda
