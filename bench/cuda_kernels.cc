// The convolution kernels of cuda-exact alone, over the shapes of a network: what each tile takes
// and which one the backend chooses (engine/cuda/tiles.h).
//
//   cuda_kernels NETWORK [--batch N] [--height N] [--width N]
//
// One row per shape: how often the network has it, output channels, pixels and taps, whether x is
// read as a matrix (p) and normalised on the way in (n), microseconds of each tile, TFLOP/s of the
// chosen one. The last rows are totals.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <iomanip>
#include <iostream>
#include <map>
#include <tuple>

#include "bench/inputs.h"
#include "engine/cuda/device.h"
#include "engine/cuda/kernels.h"
#include "engine/cuda/program.h"
#include "engine/cuda/tiles.h"
#include "models/models.h"
#include "weights/init.h"

namespace apatite::engine::cuda {
namespace {

class Timer {
 public:
  explicit Timer(const Stream& stream) : stream_(stream) {
    check(cudaEventCreate(&start_), "to time");
    check(cudaEventCreate(&stop_), "to time");
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() {
    cudaEventDestroy(start_);
    cudaEventDestroy(stop_);
  }

  // Microseconds of one call, the fastest of three series.
  template <class Function>
  double microseconds(Function enqueue) {
    constexpr int kCalls = 5;
    constexpr int kSeries = 3;
    enqueue();
    double best = 1e30;
    for (int series = 0; series < kSeries; ++series) {
      check(cudaEventRecord(start_, stream_.get()), "to time");
      for (int call = 0; call < kCalls; ++call) enqueue();
      check(cudaEventRecord(stop_, stream_.get()), "to time");
      check(cudaEventSynchronize(stop_), "to compute");
      float milliseconds = 0;
      check(cudaEventElapsedTime(&milliseconds, start_, stop_), "to time");
      best = std::min(best, milliseconds * 1e3 / kCalls);
    }
    return best;
  }

 private:
  const Stream& stream_;
  cudaEvent_t start_ = nullptr;
  cudaEvent_t stop_ = nullptr;
};

struct Row {
  ConvArgs args;
  int count = 0;
};

using Key = std::tuple<int, std::int64_t, int, int, int, bool, bool>;

Key key_of(const ConvArgs& args) {
  return {args.out_per_group,
          args.pixels(),
          args.depth,
          args.in_height,
          args.groups,
          args.pointwise(),
          args.norm_scale != nullptr};
}

int multiprocessors_of_device() {
  int device = 0;
  int multiprocessors = 0;
  check(cudaGetDevice(&device), "to be found");
  check(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device),
        "to be asked");
  return multiprocessors;
}

// The launches of a network with the memory that they need.
struct Network {
  Network(const std::string& name, const engine::Shape& image, std::int64_t batch)
      : graph(models::build_model(models::default_config(name), image.height, image.width)),
        program(graph, weights::SeededParameters(1), {graph.output()}, true),
        parameters(program.parameters()),
        taps(program.taps()),
        arena(static_cast<std::size_t>(program.arena_floats(batch))),
        input(bench_images(image, batch).values()),
        output(static_cast<std::size_t>(batch * graph.node(graph.output()).shape.size())),
        status(1),
        outputs{output.data()},
        launches(program.launches({.batch = batch,
                                   .arena = arena.data(),
                                   .parameters = parameters.data(),
                                   .taps = taps.data(),
                                   .input = input.data(),
                                   .outputs = outputs,
                                   .status = status.data()})) {}

  engine::Graph graph;
  Program program;
  DeviceArray<float> parameters;
  DeviceArray<Tap> taps;
  DeviceArray<float> arena;
  DeviceArray<float> input;
  DeviceArray<float> output;
  DeviceArray<std::int32_t> status;
  std::vector<float*> outputs;
  std::vector<Launch> launches;
};

struct Totals {
  double chosen = 0;  // microseconds of the tiles that the backend chooses
  double best = 0;    // and of the fastest ones
  double flops = 0;
};

void print_heading(const std::string& network, std::int64_t batch) {
  std::cout << network << ", batch " << batch << "\ncount  out  pixels  depth ";
  for (const TileShape& tile : kTiles) {
    std::cout << std::setw(8) << (std::to_string(tile.out) + "x" + std::to_string(tile.pixels));
  }
  std::cout << "  TFLOP/s\n" << std::fixed << std::setprecision(1);
}

// Times every tile on one shape, prints its row and adds it to the totals.
void time_shape(const Row& row, int multiprocessors, const Stream& stream, Timer& timer,
                Totals& totals) {
  const std::size_t chosen = choose_tile(row.args, multiprocessors);
  double best = 1e30;
  double of_chosen = 0;
  std::cout << std::setw(4) << row.count << (row.args.pointwise() ? 'p' : ' ')
            << (row.args.norm_scale != nullptr ? 'n' : ' ') << std::setw(5)
            << row.args.out_per_group << std::setw(8) << row.args.pixels() << std::setw(6)
            << row.args.depth << ' ';
  for (std::size_t tile = 0; tile < kTiles.size(); ++tile) {
    const double time = timer.microseconds([&] { enqueue(row.args, tile, stream.get()); });
    if (tile == chosen) of_chosen = time;
    best = std::min(best, time);
    std::cout << std::setw(7) << time << (tile == chosen ? '*' : ' ');
  }
  const double flop = 2.0 * row.args.groups * row.args.out_per_group *
                      static_cast<double>(row.args.pixels()) * row.args.depth;
  std::cout << std::setw(7) << flop / of_chosen * 1e-6 << '\n';
  totals.chosen += of_chosen * row.count;
  totals.best += best * row.count;
  totals.flops += flop * row.count;
}

void run(const std::string& name, const engine::Shape& image, std::int64_t batch) {
  const Network network(name, image, batch);
  const Stream stream;
  const int multiprocessors = multiprocessors_of_device();
  Timer timer(stream);
  std::map<Key, Row> rows;
  double others = 0;
  for (const Launch& launch : network.launches) {
    if (const auto* args = std::get_if<ConvArgs>(&launch)) {
      Row& row = rows[key_of(*args)];
      row.args = *args;
      ++row.count;
      enqueue(launch, choose_tile(*args, multiprocessors), stream.get());
    } else {
      others += timer.microseconds([&] { enqueue(launch, 0, stream.get()); });
    }
  }
  stream.synchronize();
  print_heading(name, batch);
  Totals totals;
  for (const auto& [key, row] : rows) time_shape(row, multiprocessors, stream, timer, totals);
  check(cudaGetLastError(), "to compute");
  std::cout << "convolutions: " << totals.chosen << " us, with the best tiles " << totals.best
            << " us; " << totals.flops / totals.chosen * 1e-6 << " TFLOP/s\nall else: " << others
            << " us\n";
}

}  // namespace
}  // namespace apatite::engine::cuda

int main(int argc, char** argv) {
  CLI::App program("Times the convolutions of a network on the GPU", "cuda_kernels");
  std::string network;
  apatite::engine::Shape image{3, 224, 224};
  std::int64_t batch = 1;
  program.add_option("network", network, "A name of apatite models")->required();
  program.add_option("--batch", batch, "Images of a run")->check(CLI::Range(1, 1024));
  program.add_option("--height", image.height, "Of the input, in pixels");
  program.add_option("--width", image.width, "Of the input, in pixels");
  CLI11_PARSE(program, argc, argv);
  try {
    apatite::engine::cuda::run(network, image, batch);
  } catch (const std::exception& error) {
    std::cerr << "cuda_kernels: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
