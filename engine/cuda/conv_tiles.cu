#include "engine/cuda/conv_tiles.h"

#include <cuda_pipeline_primitives.h>

#include <utility>

#include "engine/cuda/tiles.h"

namespace apatite::engine::cuda {
namespace {

// A block of threads computes kOut channels x kPixels. It walks over the taps in steps of kDepth,
// in ascending order: weights and taps of a step are copied to shared memory while steps before it
// are computed, kStages - 1 steps ahead. Every accumulator is one output's chain from its first tap
// to its last.

template <std::size_t kIndex>
struct Tile {
  static constexpr TileShape kShape = kTiles[kIndex];
  static constexpr int kOut = kShape.out;
  static constexpr int kPixels = kShape.pixels;
  static constexpr int kThreads = kShape.threads();
  static constexpr int kDepth = kShape.depth();
  static constexpr int kStages = TileShape::kStages;
  // So many blocks share a multiprocessor that 512 threads have its registers, 128 each.
  static constexpr int kBlocks = kThreads < 512 ? 512 / kThreads : 1;
  // A thread's channels and pixels come in runs of up to four, which are loaded at once; the runs
  // are spread over the tile.
  static constexpr int kOutRun = kShape.thread_out < 4 ? kShape.thread_out : 4;
  static constexpr int kOutRuns = kShape.thread_out / kOutRun;
  static constexpr int kPixelRun = kShape.thread_pixels < 4 ? kShape.thread_pixels : 4;
  static constexpr int kPixelRuns = kShape.thread_pixels / kPixelRun;
  static constexpr int kPixelThreads = kPixels / kShape.thread_pixels;
  static_assert(kThreads % kPixels == 0 && kDepth % (kThreads / kPixels) == 0);
  static_assert(kDepth <= kThreads && kDepthStep % kDepth == 0);
};

// What a step needs in shared memory.
template <class T>
struct Stage {
  alignas(16) float weights[T::kDepth][T::kOut];
  alignas(16) float values[T::kDepth][T::kPixels];  // of x
  // The batch norm on the way in, of the step that follows.
  alignas(16) float scale[T::kDepth];
  alignas(16) float shift[T::kDepth];
  // Where the taps lie that are copied when this step is computed: those kStages - 1 steps ahead.
  alignas(16) Tap ahead[T::kDepth];
};

template <int kCount>
struct alignas(sizeof(float) * kCount) Run {
  float values[kCount];
};

// A row or column outside of every image.
constexpr std::int32_t kOutside = -(1 << 30);

__device__ Tap load_tap(const Tap* tap) {
  const int4 raw = *reinterpret_cast<const int4*>(tap);
  return {raw.x, raw.y, raw.z, raw.w};
}

// Starts to copy kBytes (4 or 16) to the shared address `to`, or zeros if not `inside`.
template <int kBytes>
__device__ void copy_async(std::uint32_t to, const void* from, bool inside) {
  const int bytes = inside ? kBytes : 0;
  if constexpr (kBytes == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes)
                 : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(from), "r"(bytes)
                 : "memory");
  }
}

// What a thread copies to shared memory.
template <class T, bool kPointwise, bool kNorm>
class Copier {
 public:
  __device__ Copier(const ConvArgs& args, int group, int first_out, int first_pixel)
      : args_(args),
        weights_(group_weights(args, group)),
        planes_(group_planes(args, group)),
        first_out_(first_out),
        first_pixel_(first_pixel),
        pixels_(args.pixels()),
        x_plane_(args.x_plane()) {
    if constexpr (!kPointwise) {
      const int p = first_pixel + own_pixel();
      if (p < pixels_) {
        pixel_ = pixel_at(args, p);
      } else {
        pixel_.row = pixel_.column = kOutside;
      }
    }
  }

  // Starts to copy the step that begins at tap `depth`, whose taps are `taps`, to the stage at the
  // shared address `stage`.
  __device__ void start(std::uint32_t stage, int depth, const Tap* taps) const {
    copy_weights(stage, depth);
    if constexpr (kPointwise) {
      copy_values(stage, depth);
    } else {
      copy_values(stage, taps);
      const int ahead = depth + (T::kStages - 1) * T::kDepth;
      if (threadIdx.x < T::kDepth && ahead < args_.padded_depth) {
        copy_async<16>(stage + address(offsetof(Stage<T>, ahead), threadIdx.x * sizeof(Tap)),
                       args_.taps + ahead + threadIdx.x, true);
      }
    }
    const int next = depth + T::kDepth;
    if (kNorm && next < args_.padded_depth) {
      constexpr unsigned kRuns = T::kDepth / 4;
      const unsigned run = threadIdx.x % kRuns * 4;
      const std::size_t at = run * sizeof(float);
      if (threadIdx.x < kRuns) {
        copy_async<16>(stage + address(offsetof(Stage<T>, scale), at),
                       args_.norm_scale + next + run, true);
      } else if (threadIdx.x < 2 * kRuns) {
        copy_async<16>(stage + address(offsetof(Stage<T>, shift), at),
                       args_.norm_shift + next + run, true);
      }
    }
  }

  // Batch norm and ReLU of the values that this thread has copied, once they are there. A -0 may
  // stay: to a chain it is +0 (docs/arithmetic.md, 11.2). What was not finite makes `poison` NaN.
  __device__ void normalize(Stage<T>& stage, const float* scale, const float* shift,
                            float& poison) const {
    const auto norm = [&](float x, int k) {
      const float value = fmaf(x, scale[k], shift[k]);
      poison = fmaf(value, 0.0F, poison);
      return fmaxf(value, 0.0F);
    };
    if constexpr (kPointwise) {
      for_each_run([&](int k, int p) {
        auto* run = reinterpret_cast<float4*>(&stage.values[k][p]);
        const float4 x = *run;
        *run = {norm(x.x, k), norm(x.y, k), norm(x.z, k), norm(x.w, k)};
      });
    } else {
      for_each_own_tap([&](int k) {
        float& x = stage.values[k][own_pixel()];
        x = norm(x, k);
      });
    }
  }

 private:
  static constexpr __device__ std::uint32_t address(std::size_t member, std::size_t offset) {
    return static_cast<std::uint32_t>(member + offset);
  }

  // Four pixels of a tap at once.
  __device__ void copy_values(std::uint32_t stage, int depth) const {
    for_each_run([&](int k, int p) {
      const bool inside = depth + k < args_.depth && first_pixel_ + p < pixels_;
      const std::int64_t at =
          inside ? std::int64_t{depth + k} * x_plane_ + (first_pixel_ + p) : std::int64_t{0};
      copy_async<16>(stage + address(offsetof(Stage<T>, values),
                                     static_cast<std::size_t>(k * T::kPixels + p) * sizeof(float)),
                     planes_ + at, inside);
    });
  }

  // A pixel's taps one by one. So many are looked up before the first is copied: shared memory
  // answers late.
  __device__ void copy_values(std::uint32_t stage, const Tap* taps) const {
    constexpr int kRows = T::kThreads / T::kPixels;
    constexpr int kOwn = T::kDepth / kRows;
    constexpr int kAtOnce = kOwn < 4 ? kOwn : 4;
    const int first = static_cast<int>(threadIdx.x) / T::kPixels;
#pragma unroll
    for (int i = 0; i < kOwn; i += kAtOnce) {
      Tap tap[kAtOnce];
#pragma unroll
      for (int j = 0; j < kAtOnce; ++j) tap[j] = load_tap(taps + first + (i + j) * kRows);
#pragma unroll
      for (int j = 0; j < kAtOnce; ++j) {
        const bool inside = tap_inside(args_, pixel_, tap[j]);
        const std::int64_t at = inside ? tap_index(x_plane_, pixel_, tap[j]) : std::int64_t{0};
        const int k = first + (i + j) * kRows;
        const auto offset = static_cast<std::size_t>(k * T::kPixels + own_pixel()) * sizeof(float);
        copy_async<4>(stage + address(offsetof(Stage<T>, values), offset), planes_ + at, inside);
      }
    }
  }

  __device__ void copy_weights(std::uint32_t stage, int depth) const {
    const float* from = weights_ + std::int64_t{depth} * args_.padded_out;
    for_each_share<T::kDepth * T::kOut / 4>([&](int i) {
      const int k = i / (T::kOut / 4);
      const int m = i % (T::kOut / 4) * 4;
      const bool inside = first_out_ + m < args_.padded_out;
      copy_async<16>(stage + address(offsetof(Stage<T>, weights),
                                     static_cast<std::size_t>(k * T::kOut + m) * sizeof(float)),
                     from + k * args_.padded_out + (inside ? first_out_ + m : 0), inside);
    });
  }

  // This thread's part of kCount things.
  template <int kCount, class Function>
  static __device__ void for_each_share(Function function) {
#pragma unroll
    for (int j = 0; j < (kCount + T::kThreads - 1) / T::kThreads; ++j) {
      const int i = static_cast<int>(threadIdx.x) + j * T::kThreads;
      if (kCount % T::kThreads == 0 || i < kCount) function(i);
    }
  }

  static __device__ int own_pixel() { return static_cast<int>(threadIdx.x) % T::kPixels; }

  // Of a column of taps per thread.
  template <class Function>
  static __device__ void for_each_own_tap(Function function) {
    constexpr int kRows = T::kThreads / T::kPixels;
#pragma unroll
    for (int i = 0; i < T::kDepth / kRows; ++i) {
      function(static_cast<int>(threadIdx.x) / T::kPixels + i * kRows);
    }
  }

  // Of four pixels of one tap at once.
  template <class Function>
  static __device__ void for_each_run(Function function) {
    for_each_share<T::kDepth * T::kPixels / 4>(
        [&](int i) { function(i / (T::kPixels / 4), i % (T::kPixels / 4) * 4); });
  }

  const ConvArgs& args_;
  const float* weights_;
  const float* planes_;
  int first_out_;
  int first_pixel_;
  int pixels_;
  int x_plane_;
  Pixel pixel_{};  // !kPointwise
};

template <int kRun>
__device__ void load_run(float* to, const float* from) {
  const auto run = *reinterpret_cast<const Run<kRun>*>(from);
#pragma unroll
  for (int i = 0; i < kRun; ++i) to[i] = run.values[i];
}

template <class T>
using Accumulators = float[T::kShape.thread_out][T::kShape.thread_pixels];

// One step: its taps of every chain, ascending.
template <class T>
__device__ void multiply(const Stage<T>& stage, int out, int pixel, Accumulators<T>& acc) {
#pragma unroll 16
  for (int k = 0; k < T::kDepth; ++k) {
    float w[T::kShape.thread_out];
    float x[T::kShape.thread_pixels];
#pragma unroll
    for (int run = 0; run < T::kOutRuns; ++run) {
      load_run<T::kOutRun>(w + run * T::kOutRun,
                           &stage.weights[k][out + run * (T::kOut / T::kOutRuns)]);
    }
#pragma unroll
    for (int run = 0; run < T::kPixelRuns; ++run) {
      load_run<T::kPixelRun>(x + run * T::kPixelRun,
                             &stage.values[k][pixel + run * (T::kPixels / T::kPixelRuns)]);
    }
#pragma unroll
    for (int i = 0; i < T::kShape.thread_out; ++i) {
#pragma unroll
      for (int j = 0; j < T::kShape.thread_pixels; ++j) acc[i][j] = fmaf(x[j], w[i], acc[i][j]);
    }
  }
}

// Four results that lie one after the other.
__device__ void store_run(const ConvArgs& args, std::int64_t channel, std::int64_t at,
                          const float* acc) {
  const auto load4 = [&](const float* from) {
    return from != nullptr ? *reinterpret_cast<const float4*>(from + at) : float4{};
  };
  const float4 residual = load4(args.finish.residual);
  const float4 relu_mask = load4(args.finish.relu_mask);
  const auto value = [&](float sum, float of_residual, float of_mask) {
    return finish_value(args.finish, sum, channel, of_residual, of_mask, args.status);
  };
  *reinterpret_cast<float4*>(args.y + at) = {
      value(acc[0], residual.x, relu_mask.x), value(acc[1], residual.y, relu_mask.y),
      value(acc[2], residual.z, relu_mask.z), value(acc[3], residual.w, relu_mask.w)};
}

template <class T>
__device__ void store_tile(const ConvArgs& args, int group, int first_out, int first_pixel,
                           const Accumulators<T>& acc) {
  const int pixels = args.pixels();
  const bool in_runs = args.dense_y() && pixels % 4 == 0;
  const auto out_at = [&](int i) {
    return first_out + i / T::kOutRun * (T::kOut / T::kOutRuns) + i % T::kOutRun;
  };
#pragma unroll
  for (int pixel_run = 0; pixel_run < T::kPixelRuns; ++pixel_run) {
    const int first = first_pixel + pixel_run * (T::kPixels / T::kPixelRuns);
    if constexpr (T::kPixelRun == 4) {
      if (in_runs) {
        if (first >= pixels) continue;
#pragma unroll
        for (int i = 0; i < T::kShape.thread_out; ++i) {
          const int m = out_at(i);
          if (m >= args.out_per_group) continue;
          const int channel = group * args.out_per_group + m;
          store_run(args, channel, std::int64_t{channel} * pixels + first, &acc[i][pixel_run * 4]);
        }
        continue;
      }
    }
#pragma unroll
    for (int j = 0; j < T::kPixelRun; ++j) {
      if (first + j >= pixels) continue;
      const Pixel pixel = pixel_at(args, first + j);
#pragma unroll
      for (int i = 0; i < T::kShape.thread_out; ++i) {
        const int m = out_at(i);
        if (m >= args.out_per_group) continue;
        store_value(args, group, m, pixel, acc[i][pixel_run * T::kPixelRun + j]);
      }
    }
  }
}

template <std::size_t kIndex, bool kPointwise, bool kNorm>
__global__ void __launch_bounds__(Tile<kIndex>::kThreads, Tile<kIndex>::kBlocks)
    run_tiles(const __grid_constant__ ConvArgs args) {
  using T = Tile<kIndex>;
  extern __shared__ __align__(16) char shared[];
  auto* stages = reinterpret_cast<Stage<T>*>(shared);
  const auto base = static_cast<std::uint32_t>(__cvta_generic_to_shared(shared));
  const auto address_of = [&](int stage) {
    return base + static_cast<std::uint32_t>(stage) * std::uint32_t{sizeof(Stage<T>)};
  };
  const int group = static_cast<int>(blockIdx.z);
  const int block_out = static_cast<int>(blockIdx.y) * T::kOut;
  const int block_pixel = static_cast<int>(blockIdx.x) * T::kPixels;
  const Copier<T, kPointwise, kNorm> copier(args, group, block_out, block_pixel);
  const int out = static_cast<int>(threadIdx.x) / T::kPixelThreads * T::kOutRun;
  const int pixel = static_cast<int>(threadIdx.x) % T::kPixelThreads * T::kPixelRun;
  Accumulators<T> acc{};

  float poison = 0;
  const int steps = (args.depth + T::kDepth - 1) / T::kDepth;
  for (int step = 0; step < T::kStages - 1; ++step) {
    if (step < steps) {
      copier.start(address_of(step), step * T::kDepth, args.taps + step * T::kDepth);
    }
    __pipeline_commit();
  }
  int now = 0;
  for (int step = 0; step < steps; ++step) {
    const int before = now == 0 ? T::kStages - 1 : now - 1;
    __pipeline_wait_prior(T::kStages - 2);
    if constexpr (kNorm) {
      copier.normalize(stages[now], step == 0 ? args.norm_scale : stages[before].scale,
                       step == 0 ? args.norm_shift : stages[before].shift, poison);
    }
    __syncthreads();  // the step is there, and all have computed the one before
    const int ahead = step + T::kStages - 1;
    if (ahead < steps) copier.start(address_of(before), ahead * T::kDepth, stages[now].ahead);
    __pipeline_commit();
    multiply<T>(stages[now], out, pixel, acc);
    now = now + 1 == T::kStages ? 0 : now + 1;
  }
  if (!(poison == 0.0F)) *args.status = 1;
  store_tile<T>(args, group, block_out + out, block_pixel + pixel, acc);
}

template <std::size_t kIndex, bool kPointwise, bool kNorm>
void enqueue_kernel(const ConvArgs& args, cudaStream_t stream) {
  using T = Tile<kIndex>;
  constexpr int kBytes = T::kStages * static_cast<int>(sizeof(Stage<T>));
  const auto kernel = run_tiles<kIndex, kPointwise, kNorm>;
  // More than a kernel gets unasked. (If it is refused, so is the launch.)
  static const cudaError_t asked =
      cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, kBytes);
  static_cast<void>(asked);
  const auto divide_up = [](int value, int by) {
    return static_cast<unsigned>((value + by - 1) / by);
  };
  const dim3 blocks(divide_up(args.pixels(), T::kPixels), divide_up(args.out_per_group, T::kOut),
                    static_cast<unsigned>(args.groups));
  kernel<<<blocks, T::kThreads, kBytes, stream>>>(args);
}

template <std::size_t kIndex>
void enqueue_tile(const ConvArgs& args, cudaStream_t stream) {
  // Copies of four pixels need addresses that are multiples of 16 bytes.
  const bool pointwise = args.pointwise() && args.x_plane() % 4 == 0 &&
                         reinterpret_cast<std::uintptr_t>(args.x) % 16 == 0;
  const bool norm = args.norm_scale != nullptr;
  if (pointwise) {
    norm ? enqueue_kernel<kIndex, true, true>(args, stream)
         : enqueue_kernel<kIndex, true, false>(args, stream);
  } else {
    norm ? enqueue_kernel<kIndex, false, true>(args, stream)
         : enqueue_kernel<kIndex, false, false>(args, stream);
  }
}

template <std::size_t... kIndices>
void enqueue_any_tile(const ConvArgs& args, std::size_t tile, cudaStream_t stream,
                      std::index_sequence<kIndices...>) {
  ((tile == kIndices ? enqueue_tile<kIndices>(args, stream) : void()), ...);
}

}  // namespace

void enqueue_tiles(const ConvArgs& args, std::size_t tile, cudaStream_t stream) {
  enqueue_any_tile(args, tile, stream, std::make_index_sequence<kTiles.size()>());
}

}  // namespace apatite::engine::cuda
