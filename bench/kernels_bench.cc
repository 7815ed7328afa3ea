// Every convolution shape of ResNet-101 and DenseNet-201 at 224x224, alone, for every instruction
// set that is present and 1 and 2 threads. Counters: GFLOP (rate), of_peak (the part of the rate
// that registers alone reach, fma_peak.h), nodes (of the network, that have this shape).
//
// Multiply-adds count taps in the padding, which the kernels skip: of_peak can exceed 1.
#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

#include "bench/conv_runner.h"
#include "bench/conv_shapes.h"
#include "bench/fma_peak.h"
#include "models/models.h"

namespace apatite {
namespace {

constexpr std::string_view kNetworks[] = {"resnet101", "densenet201"};
constexpr std::int64_t kImageSize = 224;

void run_conv(benchmark::State& state, const ConvShape& shape,
              const engine::exact::BuiltKernels& kernels, int threads) {
  const double peak = fma_peak(kernels.isa) * threads;
  ConvRunner runner(shape, *kernels.table, threads);
  for (auto _ : state) runner.run();
  using benchmark::Counter;
  const double flops = 2.0 * static_cast<double>(shape.multiply_adds);
  state.counters["GFLOP"] = Counter(flops / 1e9, Counter::kIsIterationInvariantRate);
  state.counters["of_peak"] = Counter(flops / peak, Counter::kIsIterationInvariantRate);
  state.counters["nodes"] = static_cast<double>(shape.nodes);
}

void register_all() {
  for (const std::string_view network : kNetworks) {
    const engine::Graph graph =
        models::build_model(models::default_config(network), kImageSize, kImageSize);
    for (const ConvShape& shape : conv_shapes(graph)) {
      for (const engine::exact::BuiltKernels& kernels : engine::exact::built_kernels()) {
        if (!kernels.present) continue;
        for (const int threads : {1, 2}) {
          const std::string name = std::string(network) + "/" + to_text(shape) + "/" +
                                   std::string(kernels.isa) + "/threads:" + std::to_string(threads);
          benchmark::RegisterBenchmark(
              name.c_str(),
              [=](benchmark::State& state) { run_conv(state, shape, kernels, threads); })
              ->UseRealTime()
              ->Unit(benchmark::kMicrosecond);
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
