#include "bench/conv_runner.h"

#include <omp.h>

#include <algorithm>

#include "engine/runtime/fp_environment.h"
#include "layers/conv2d.h"
#include "layers/relu.h"
#include "weights/init.h"
#include "weights/self_test.h"

namespace apatite {
namespace {

// The image alone lies in planes: whatever is not the stem reads blocks, which a ReLU makes.
engine::Graph graph_of(const ConvShape& shape) {
  engine::GraphBuilder builder(shape.in);
  const engine::NodeId x = shape.reads_image ? 0 : layers::relu(builder, "relu", 0);
  const engine::NodeId y = layers::conv2d(builder, "conv", x, shape.op);
  return std::move(builder).build(y);
}

}  // namespace

ConvRunner::ConvRunner(const ConvShape& shape, const engine::exact::KernelTable& kernels,
                       int threads)
    : threads_(threads), image_(weights::self_test_input(shape.in, 1)) {
  const engine::Graph graph = graph_of(shape);
  const weights::SeededParameters parameters(1);
  plan_ = engine::exact::make_plan(graph, parameters, kernels, {graph.output()}, true, threads);
  outputs_.push_back(engine::Tensor::uninitialized(shape.out.with_batch(1)));
  image_arena_ = engine::AlignedArray<float>(static_cast<std::size_t>(plan_.memory.image_arena));
  batch_arena_ = engine::AlignedArray<float>(static_cast<std::size_t>(plan_.memory.batch_arena));
  for (const engine::Buffer& buffer : plan_.memory.buffers) {
    float* arena = buffer.whole_batch ? batch_arena_.data() : image_arena_.data();
    buffers_.push_back({arena + buffer.offset, buffer.floats});
  }
  std::int64_t scratch_floats = 0;
  for (const auto& step : plan_.steps) {
    scratch_floats = std::max(scratch_floats, step->scratch_floats());
  }
  for (int thread = 0; thread < threads; ++thread) {
    scratch_.emplace_back(static_cast<std::size_t>(scratch_floats));
  }
  status_.resize(static_cast<std::size_t>(threads));
  for (const auto& step : plan_.steps) run_step(*step);
}

// The last step delivers the result, the one before it is the convolution.
void ConvRunner::run() { run_step(*plan_.steps[plan_.steps.size() - 2]); }

void ConvRunner::run_step(const engine::exact::Step& step) {
#pragma omp parallel num_threads(threads_)
  {
    const engine::FpEnvironment environment;
    const auto thread = static_cast<std::size_t>(omp_get_thread_num());
    const engine::exact::RunContext context{.input = &image_,
                                            .outputs = outputs_,
                                            .images = 1,
                                            .buffers = buffers_,
                                            .part = static_cast<int>(thread),
                                            .parts = omp_get_num_threads(),
                                            .scratch = scratch_[thread].data(),
                                            .status = &status_[thread]};
    const std::int64_t chunks = step.chunks(context);
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) step.run_chunk(context, chunk);
  }
}

}  // namespace apatite
