#include "engine/cuda/kernels.h"

#include <type_traits>
#include <variant>

#include "engine/cuda/conv_tiles.h"
#include "engine/cuda/tiles.h"

namespace apatite::engine::cuda {
namespace {

template <class Op>
__global__ void run_each(Op op, std::int64_t count) {
  const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < count) op(i);
}

template <class Op>
void enqueue_each(const Op& op, cudaStream_t stream) {
  constexpr std::int64_t kThreads = 256;
  const std::int64_t count = op.count();
  if (count == 0) return;
  const auto blocks = static_cast<unsigned>((count + kThreads - 1) / kThreads);
  run_each<<<blocks, static_cast<unsigned>(kThreads), 0, stream>>>(op, count);
}

// A chain per thread.
struct EachChain {
  ConvArgs args;

  [[nodiscard]] __host__ __device__ std::int64_t count() const {
    return std::int64_t{args.groups} * args.out_per_group * args.pixels();
  }
  __device__ void operator()(std::int64_t i) const {
    const std::int64_t channel = i / args.pixels();
    const Pixel pixel = pixel_at(args, static_cast<std::int32_t>(i % args.pixels()));
    const std::int64_t group = channel / args.out_per_group;
    const std::int64_t m = channel % args.out_per_group;
    store_value(args, group, m, pixel, chain_value(args, group, m, pixel));
  }
};

struct EachTap {
  GatherTaps gather;

  [[nodiscard]] __host__ __device__ std::int64_t count() const {
    return gather.args.depth * gather.pixels;
  }
  __device__ void operator()(std::int64_t i) const {
    const auto p = static_cast<std::int32_t>(gather.first_pixel + i % gather.pixels);
    const Pixel pixel = pixel_at(gather.args, p);
    gather.matrix[i] = tap_value(gather.args, gather.group, pixel, i / gather.pixels);
  }
};

struct EachSum {
  FinishSums finish;

  [[nodiscard]] __host__ __device__ std::int64_t count() const {
    return finish.args.out_per_group * finish.pixels;
  }
  __device__ void operator()(std::int64_t i) const {
    const auto p = static_cast<std::int32_t>(finish.first_pixel + i % finish.pixels);
    const Pixel pixel = pixel_at(finish.args, p);
    store_value(finish.args, finish.group, i / finish.pixels, pixel, finish.sums[i]);
  }
};

}  // namespace

void enqueue(const Launch& launch, std::size_t tile, cudaStream_t stream) {
  std::visit(
      [&](const auto& op) {
        if constexpr (std::is_same_v<std::decay_t<decltype(op)>, ConvArgs>) {
          if (runs_in_tiles(op)) {
            enqueue_tiles(op, tile, stream);
          } else {
            enqueue_each(EachChain{op}, stream);
          }
        } else {
          enqueue_each(op, stream);
        }
      },
      launch);
}

void enqueue(const GatherTaps& launch, cudaStream_t stream) {
  enqueue_each(EachTap{launch}, stream);
}

void enqueue(const FinishSums& launch, cudaStream_t stream) {
  enqueue_each(EachSum{launch}, stream);
}

cudaError_t check_kernels() {
  cudaFuncAttributes attributes{};
  return cudaFuncGetAttributes(&attributes, run_each<CopyValue>);
}

}  // namespace apatite::engine::cuda
