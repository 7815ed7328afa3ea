// The CUDA kernels: they carry out launches.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

#include "engine/cuda/launch.h"

namespace apatite::engine::cuda {

// Enqueues a launch. A convolution runs in the `tile`-th of kTiles, or, where it does not run in
// tiles, by one thread per chain. Errors are those of cudaGetLastError().
void enqueue(const Launch& launch, std::size_t tile, cudaStream_t stream);

// X of some pixels of a convolution as a matrix [k][p], for one group: what a matrix product takes.
struct GatherTaps {
  ConvArgs args;
  std::int64_t group;
  std::int64_t first_pixel;
  std::int64_t pixels;
  float* matrix;
};
// The sums [m][p] of that product to y, with what follows them.
struct FinishSums {
  ConvArgs args;
  std::int64_t group;
  std::int64_t first_pixel;
  std::int64_t pixels;
  const float* sums;
};
void enqueue(const GatherTaps& launch, cudaStream_t stream);
void enqueue(const FinishSums& launch, cudaStream_t stream);

// Whether the kernels that are built in can run on the current device.
cudaError_t check_kernels();

}  // namespace apatite::engine::cuda
