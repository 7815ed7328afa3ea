#include "tests/support/host_program.h"

#include <cmath>
#include <limits>
#include <type_traits>

#include "engine/cuda/program.h"
#include "engine/cuda/tiles.h"
#include "engine/runtime/fp_environment.h"

namespace apatite {
namespace {

using engine::cuda::ConvArgs;

// The pixel's taps are gathered once for all output channels, as the tiles do, or with the chain of
// each.
void run_pixel(const ConvArgs& args, std::int64_t group, const engine::cuda::Pixel& pixel) {
  if (!engine::cuda::runs_in_tiles(args)) {
    for (std::int64_t m = 0; m < args.out_per_group; ++m) {
      engine::cuda::store_value(args, group, m, pixel,
                                engine::cuda::chain_value(args, group, m, pixel));
    }
    return;
  }
  std::vector<float> sums(static_cast<std::size_t>(args.padded_out));
  const float* w = engine::cuda::group_weights(args, group);
  for (std::int64_t k = 0; k < args.padded_depth; ++k) {
    const float x = engine::cuda::tap_value(args, group, pixel, k);
    for (float& sum : sums) sum = std::fma(x, *w++, sum);
  }
  for (std::int64_t m = 0; m < args.out_per_group; ++m) {
    engine::cuda::store_value(args, group, m, pixel, sums[static_cast<std::size_t>(m)]);
  }
}

void run_launch(const ConvArgs& args) {
  for (std::int32_t p = 0; p < args.pixels(); ++p) {
    const engine::cuda::Pixel pixel = engine::cuda::pixel_at(args, p);
    for (std::int64_t group = 0; group < args.groups; ++group) run_pixel(args, group, pixel);
  }
}

template <class Op>
void run_launch(const Op& op) {
  for (std::int64_t i = 0; i < op.count(); ++i) op(i);
}

class HostExecutable final : public engine::Executable {
 public:
  HostExecutable(const engine::Graph& graph, const engine::ParameterSource& source,
                 const engine::CompileOptions& options)
      : graph_(graph),
        outputs_(engine::resolve_outputs(graph, options)),
        program_(graph_, source, outputs_, options.fuse) {}

  std::vector<engine::Tensor> run(const engine::Tensor& input,
                                  std::span<const std::int64_t> targets) override {
    const engine::FpEnvironment environment;
    engine::check_input(graph_, input);
    const std::int64_t batch = input.dims()[0];
    engine::check_targets(graph_, targets, batch);
    std::vector<engine::Tensor> results;
    std::vector<float*> outputs;
    results.reserve(outputs_.size());
    for (const engine::NodeId id : outputs_) {
      results.push_back(engine::Tensor::uninitialized(graph_.node(id).shape.with_batch(batch)));
      outputs.push_back(results.back().data());
    }
    // What nobody writes is NaN, and shows where it is read.
    std::vector<float> arena(static_cast<std::size_t>(program_.arena_floats(batch)),
                             std::numeric_limits<float>::quiet_NaN());
    std::int32_t status = 0;
    for (const engine::cuda::Launch& launch : program_.launches({.batch = batch,
                                              .arena = arena.data(),
                                              .parameters = program_.parameters().data(),
                                              .taps = program_.taps().data(),
                                              .input = input.data(),
                                              .outputs = outputs,
                                              .targets = targets.empty() ? nullptr : targets.data(),
                                              .status = &status})) {
      std::visit([](const auto& op) { run_launch(op); }, launch);
    }
    if (status != 0) throw Error(ErrorKind::kNumeric, "host", "a non-finite value arose");
    return results;
  }

 private:
  engine::Graph graph_;
  std::vector<engine::NodeId> outputs_;
  engine::cuda::Program program_;
};

class HostBackend final : public engine::Backend {
 public:
  [[nodiscard]] std::string_view name() const override { return "cuda-on-cpu"; }
  [[nodiscard]] std::string_view description() const override {
    return "the program of the GPU backends, carried out on the CPU";
  }
  [[nodiscard]] std::string_view promise() const override { return "equals reference"; }
  [[nodiscard]] std::vector<engine::Isa> isas() const override { return {{.name = "any"}}; }
  [[nodiscard]] std::unique_ptr<engine::Executable> compile(
      const engine::Graph& graph, const engine::ParameterSource& parameters,
      const engine::CompileOptions& options) const override {
    engine::resolve_isa(*this, options.isa);
    return std::make_unique<HostExecutable>(graph, parameters, options);
  }
};

}  // namespace

const engine::Backend& host_program_backend() {
  static const HostBackend backend;
  return backend;
}

}  // namespace apatite
