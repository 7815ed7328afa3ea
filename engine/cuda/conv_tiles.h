// The kernel of convolutions: tiles of accumulators in registers.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "engine/cuda/convolution.h"

namespace apatite::engine::cuda {

// Enqueues a convolution that runs_in_tiles() in the `tile`-th of kTiles (tiles.h).
void enqueue_tiles(const ConvArgs& args, std::size_t tile, cudaStream_t stream);

}  // namespace apatite::engine::cuda
