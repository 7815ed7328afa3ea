#include "engine/cuda/cuda.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "engine/cuda/blas.h"
#include "engine/cuda/device.h"
#include "engine/cuda/kernels.h"
#include "engine/cuda/program.h"
#include "engine/cuda/tiles.h"
#include "engine/reference/reference.h"
#include "engine/runtime/threads.h"

namespace apatite::engine {
namespace cuda {

void check(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  const bool memory = status == cudaErrorMemoryAllocation;
  throw Error(ErrorKind::kUnavailable, "GPU",
              std::string("it failed ") + what + ": " + cudaGetErrorString(status),
              memory ? "take fewer images at once (--batch) or smaller ones" : "");
}

namespace {

// How a backend computes its convolutions.
class Convolver {
 public:
  Convolver() = default;
  Convolver(const Convolver&) = delete;
  Convolver& operator=(const Convolver&) = delete;
  virtual ~Convolver() = default;
  // Before a recording: what `launches` need beside their own memory.
  virtual void prepare(const std::vector<Launch>& launches) = 0;
  virtual void enqueue(const ConvArgs& args, const Stream& stream) const = 0;
};

class TiledConvolver final : public Convolver {
 public:
  TiledConvolver() {
    int device = 0;
    check(cudaGetDevice(&device), "to be found");
    check(cudaDeviceGetAttribute(&multiprocessors_, cudaDevAttrMultiProcessorCount, device),
          "to be asked");
  }
  void prepare(const std::vector<Launch>& /*launches*/) override {}
  void enqueue(const ConvArgs& args, const Stream& stream) const override {
    cuda::enqueue(args, choose_tile(args, multiprocessors_), stream.get());
  }

 private:
  int multiprocessors_ = 1;
};

// Taps into a matrix, a product by cuBLAS, what follows it; for as many pixels at a time as keep
// the matrices within a bound.
class BlasConvolver final : public Convolver {
 public:
  explicit BlasConvolver(const Stream& stream) : blas_(stream) {}

  void prepare(const std::vector<Launch>& launches) override {
    std::int64_t matrix = 0;
    std::int64_t sums = 0;
    for (const Launch& launch : launches) {
      const auto* args = std::get_if<ConvArgs>(&launch);
      if (args == nullptr) continue;
      const std::int64_t pixels = pixels_at_once(*args);
      sums = std::max(sums, args->out_per_group * pixels);
      if (!is_matrix(*args)) matrix = std::max(matrix, args->depth * pixels);
    }
    matrix_.reserve(static_cast<std::size_t>(matrix));
    sums_.reserve(static_cast<std::size_t>(sums));
  }

  void enqueue(const ConvArgs& args, const Stream& stream) const override {
    const std::int64_t step = pixels_at_once(args);
    for (std::int64_t group = 0; group < args.groups; ++group) {
      for (std::int64_t first = 0; first < args.pixels(); first += step) {
        enqueue_part(args, group, first, std::min(step, args.pixels() - first), stream);
      }
    }
  }

 private:
  // Whether the taps lie as a matrix already.
  static bool is_matrix(const ConvArgs& args) {
    return args.pointwise() && args.norm_scale == nullptr;
  }

  static std::int64_t pixels_at_once(const ConvArgs& args) {
    constexpr std::int64_t kMostFloats = std::int64_t{1} << 26;  // 256 MiB
    const std::int64_t rows = std::max(args.depth, args.out_per_group);
    return std::clamp<std::int64_t>(kMostFloats / std::max<std::int64_t>(rows, 1), 1,
                                    std::max<std::int64_t>(args.pixels(), 1));
  }

  void enqueue_part(const ConvArgs& args, std::int64_t group, std::int64_t first,
                    std::int64_t pixels, const Stream& stream) const {
    if (args.depth == 0) {
      check(cudaMemsetAsync(sums_.data(), 0,
                            static_cast<std::size_t>(args.out_per_group * pixels) * sizeof(float),
                            stream.get()),
            "to compute");
    } else {
      const float* matrix = matrix_.data();
      std::int64_t stride = pixels;
      if (is_matrix(args)) {
        matrix = group_planes(args, group) + first;
        stride = args.x_plane();
      } else {
        cuda::enqueue(GatherTaps{args, group, first, pixels, matrix_.data()}, stream.get());
      }
      blas_.multiply(group_weights(args, group), args.padded_out, matrix, stride, sums_.data(),
                     args.out_per_group, pixels, args.depth);
    }
    cuda::enqueue(FinishSums{args, group, first, pixels, sums_.data()}, stream.get());
  }

  Blas blas_;
  DeviceArray<float> matrix_;
  DeviceArray<float> sums_;
};

enum class Tier { kExact, kBlas };

class CudaExecutable final : public Executable {
 public:
  CudaExecutable(Tier tier, std::string_view name, const Graph& graph,
                 const ParameterSource& source, const CompileOptions& options)
      : name_(name),
        // Other sums may overflow where those of the reference do not.
        if_reference_is_finite_(tier == Tier::kExact ? ErrorKind::kInternal : ErrorKind::kNumeric),
        graph_(graph),
        source_(source),
        outputs_(resolve_outputs(graph, options)),
        threads_(resolve_threads(options.threads)),
        program_(graph_, source, outputs_, options.fuse),
        parameters_(program_.parameters()),
        taps_(program_.taps()),
        status_(1) {
    program_.release_parameters();
    if (tier == Tier::kExact) {
      convolver_ = std::make_unique<TiledConvolver>();
    } else {
      convolver_ = std::make_unique<BlasConvolver>(stream_);
    }
  }

  std::vector<Tensor> run(const Tensor& input, std::span<const std::int64_t> targets) override {
    check_input(graph_, input);
    const std::int64_t batch = input.dims()[0];
    check_targets(graph_, targets, batch);
    prepare(batch, !targets.empty());
    std::vector<Tensor> results;
    for (const NodeId id : outputs_) {
      results.push_back(Tensor::uninitialized(graph_.node(id).shape.with_batch(batch)));
    }
    input_.copy_from(input.values(), stream_.get());
    if (!targets.empty()) targets_.copy_from(targets, stream_.get());
    recording_.start(stream_);
    std::int32_t status = 0;
    status_.copy_to({&status, 1}, stream_.get());
    for (std::size_t i = 0; i < results.size(); ++i) {
      output_arrays_[i].copy_to(results[i].values(), stream_.get());
    }
    stream_.synchronize();
    if (status != 0) {
      throw_first_non_finite(name_, if_reference_is_finite_, graph_, source_,
                             {.outputs = outputs_, .threads = threads_}, input, targets);
    }
    return results;
  }

 private:
  // Memory and a recording for batches of this size, unless the last run had it.
  void prepare(std::int64_t batch, bool with_targets) {
    if (batch == batch_ && with_targets == with_targets_) return;
    batch_ = 0;
    const auto images = static_cast<std::size_t>(batch);
    arena_.reserve(static_cast<std::size_t>(program_.arena_floats(batch)));
    input_.reserve(images * static_cast<std::size_t>(graph_.node(graph_.input()).shape.size()));
    targets_.reserve(images);
    output_arrays_.resize(outputs_.size());
    std::vector<float*> outputs;
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      const auto size = static_cast<std::size_t>(graph_.node(outputs_[i]).shape.size());
      output_arrays_[i].reserve(images * size);
      outputs.push_back(output_arrays_[i].data());
    }
    const std::vector<Launch> launches =
        program_.launches({.batch = batch,
                           .arena = arena_.data(),
                           .parameters = parameters_.data(),
                           .taps = taps_.data(),
                           .input = input_.data(),
                           .outputs = outputs,
                           .targets = with_targets ? targets_.data() : nullptr,
                           .status = status_.data()});
    convolver_->prepare(launches);
    recording_ = Recording(stream_, [&] {
      check(cudaMemsetAsync(status_.data(), 0, sizeof(std::int32_t), stream_.get()), "to compute");
      for (const Launch& launch : launches) enqueue_launch(launch);
    });
    batch_ = batch;
    with_targets_ = with_targets;
  }

  void enqueue_launch(const Launch& launch) const {
    if (const auto* args = std::get_if<ConvArgs>(&launch)) {
      convolver_->enqueue(*args, stream_);
    } else {
      enqueue(launch, 0, stream_.get());
    }
    check(cudaGetLastError(), "to take a kernel");
  }

  std::string_view name_;  // of the backend
  ErrorKind if_reference_is_finite_;
  Graph graph_;
  const ParameterSource& source_;
  std::vector<NodeId> outputs_;
  int threads_;
  Program program_;
  Stream stream_;
  DeviceArray<float> parameters_;
  DeviceArray<Tap> taps_;
  DeviceArray<std::int32_t> status_;
  std::unique_ptr<Convolver> convolver_;
  // For batches of `batch_` images.
  std::int64_t batch_ = 0;
  bool with_targets_ = false;
  DeviceArray<float> arena_;
  DeviceArray<float> input_;
  DeviceArray<std::int64_t> targets_;
  std::vector<DeviceArray<float>> output_arrays_;
  Recording recording_;
};

std::string device_unavailable_reason() {
  int count = 0;
  const cudaError_t counted = cudaGetDeviceCount(&count);
  if (counted == cudaErrorInsufficientDriver) {
    return "there is no NVIDIA driver, or it is older than this program's CUDA";
  }
  if (counted != cudaSuccess) {
    return std::string("no GPU answers: ") + cudaGetErrorString(counted);
  }
  if (count == 0) return "there is no GPU";
  if (const cudaError_t status = check_kernels(); status != cudaSuccess) {
    return std::string("this build has no kernels for the GPU: ") + cudaGetErrorString(status);
  }
  return {};
}

// "sm_90": the GPU's compute capability.
std::string device_architecture() {
  int device = 0;
  cudaDeviceProp properties{};
  if (cudaGetDevice(&device) != cudaSuccess ||
      cudaGetDeviceProperties(&properties, device) != cudaSuccess) {
    return {};
  }
  return "sm_" + to_text(std::int64_t{properties.major}) + to_text(std::int64_t{properties.minor});
}

class CudaBackend final : public Backend {
 public:
  CudaBackend(Tier tier, std::string_view name, std::string_view description,
              std::string_view promise)
      : tier_(tier), name_(name), description_(description), promise_(promise) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::string_view description() const override { return description_; }
  [[nodiscard]] std::string_view promise() const override { return promise_; }
  [[nodiscard]] std::string unavailable_reason() const override {
    std::string reason = device_unavailable_reason();
    if (reason.empty() && tier_ == Tier::kBlas) reason = blas_unavailable_reason();
    return reason;
  }
  // The architecture of the GPU at hand: the driver chooses the code for it.
  [[nodiscard]] std::vector<Isa> isas() const override {
    const std::string architecture = device_architecture();
    if (architecture.empty()) return {{.name = "cuda", .present = false}};
    return {{.name = architecture}};
  }
  [[nodiscard]] std::unique_ptr<Executable> compile(const Graph& graph,
                                                    const ParameterSource& parameters,
                                                    const CompileOptions& options) const override {
    resolve_isa(*this, options.isa);
    return std::make_unique<CudaExecutable>(tier_, name_, graph, parameters, options);
  }

 private:
  Tier tier_;
  std::string_view name_;
  std::string_view description_;
  std::string_view promise_;
};

}  // namespace
}  // namespace cuda

const Backend& cuda_exact_backend() {
  static const cuda::CudaBackend backend(cuda::Tier::kExact, "cuda-exact",
                                         "own CUDA kernels in binary32, one thread per chain",
                                         "equals reference bit for bit, always");
  return backend;
}

const Backend& cuda_backend() {
  static const cuda::CudaBackend backend(
      cuda::Tier::kBlas, "cuda", "convolutions by cuBLAS in binary32 (no TF32)",
      "within the rounding error of its chains; other bits than reference");
  return backend;
}

}  // namespace apatite::engine
