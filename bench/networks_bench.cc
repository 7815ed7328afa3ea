// ResNet-101 and DenseNet-201 at 224x224 with seeded weights, the exact backend, for every
// instruction set that is present, 1 and 2 threads, batch 1 and 8. Compiling is not timed. Then the
// same with the gradient of the predicted class's score with respect to the last layer with spatial
// extent (what Grad-CAM takes) and with respect to the input. Counters: images (rate), GFLOP
// (rate), of_peak (as in kernels_bench.cc).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/fma_peak.h"
#include "engine/exact/exact.h"
#include "layers/differentiate.h"
#include "models/describe.h"
#include "models/models.h"
#include "weights/init.h"
#include "weights/self_test.h"

namespace apatite {
namespace {

constexpr std::string_view kNetworks[] = {"resnet101", "densenet201"};
constexpr std::int64_t kImageSize = 224;

enum class Pass { kForward, kLastLayer, kInput };

struct Case {
  std::string_view network;
  Pass pass;
  std::string isa;
  int threads;
  std::int64_t batch;
};

// `batch` times the same image.
engine::Tensor input_of(const engine::Graph& graph, std::int64_t batch) {
  const engine::Shape& shape = graph.node(graph.input()).shape;
  const engine::Tensor image = weights::self_test_input(shape, 1);
  auto input = engine::Tensor::uninitialized(shape.with_batch(batch));
  for (std::int64_t i = 0; i < batch; ++i) {
    std::copy_n(image.data(), image.size(), input.data() + i * shape.size());
  }
  return input;
}

// The logits and, with a gradient, the layer's value and gradient.
struct Work {
  engine::Graph graph;
  std::vector<engine::NodeId> outputs;
};
Work work_of(const Case& c) {
  engine::Graph graph =
      models::build_model(models::default_config(c.network), kImageSize, kImageSize);
  if (c.pass == Pass::kForward) return {graph, {graph.output()}};
  const std::vector<engine::NodeId> wrt{
      c.pass == Pass::kInput ? graph.input() : models::candidate_taps(graph).back()};
  layers::Differentiated differentiated = layers::differentiate(graph, wrt);
  return {std::move(differentiated.graph), {graph.output(), wrt[0], differentiated.gradients[0]}};
}

void run_network(benchmark::State& state, const Case& c) {
  const double peak = fma_peak(c.isa) * c.threads;
  const auto [graph, outputs] = work_of(c);
  const weights::SeededParameters parameters(1);
  const auto executable = engine::exact_backend().compile(
      graph, parameters, {.outputs = outputs, .threads = c.threads, .isa = c.isa});
  const engine::Tensor input = input_of(graph, c.batch);
  executable->run(input);
  for (auto _ : state) benchmark::DoNotOptimize(executable->run(input));
  using benchmark::Counter;
  const auto images = static_cast<double>(c.batch);
  const double flops = 2.0 * static_cast<double>(models::total_cost(graph).multiply_adds) * images;
  state.counters["images"] = Counter(images, Counter::kIsIterationInvariantRate);
  state.counters["GFLOP"] = Counter(flops / 1e9, Counter::kIsIterationInvariantRate);
  state.counters["of_peak"] = Counter(flops / peak, Counter::kIsIterationInvariantRate);
}

void register_all() {
  for (const std::string_view network : kNetworks) {
    for (const engine::Isa& isa : engine::exact_backend().isas()) {
      if (!isa.present) continue;
      for (const int threads : {1, 2}) {
        for (const std::int64_t batch : {1, 8}) {
          const std::string name = std::string(network) + "/" + isa.name +
                                   "/threads:" + std::to_string(threads) +
                                   "/batch:" + std::to_string(batch);
          for (const auto& [pass, suffix] : {std::pair(Pass::kForward, ""),
                                             {Pass::kLastLayer, "/gradient:last_layer"},
                                             {Pass::kInput, "/gradient:input"}}) {
            const Case c{network, pass, isa.name, threads, batch};
            benchmark::RegisterBenchmark((name + suffix).c_str(),
                                         [=](benchmark::State& state) { run_network(state, c); })
                ->UseRealTime()
                ->Unit(benchmark::kMillisecond);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace apatite

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  apatite::register_all();
  return benchmark::RunSpecifiedBenchmarks() == 0 ? 1 : 0;
}
