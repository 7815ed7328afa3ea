// A network behind a pipe: compiles a weights file once, then times runs on demand, so that another
// program can interleave it with another engine.
//
//   run_network WEIGHTS [--height N] [--width N] [--batch N] [--threads N] [--backend NAME]
//               [--isa NAME] [--input FILE.npy] [--logits FILE.npy]
//
// Prints "ready BACKEND ISA THREADS" once it has run a first time. Then every line "run K" of the
// standard input is answered by one line with K times in seconds; the end of the input ends it.
// --input and --logits write the batch and what the network made of it: N x C x H x W, N x classes.
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>

#include "base/error.h"
#include "base/text.h"
#include "bench/inputs.h"
#include "engine/backends.h"
#include "engine/runtime/threads.h"
#include "image/codec/npy.h"
#include "weights/weights_file.h"

namespace apatite {
namespace {

struct Options {
  std::string weights;
  std::int64_t height = 224;
  std::int64_t width = 224;
  std::int64_t batch = 1;
  int threads = 1;
  std::string backend = "exact";
  std::string isa;
  std::string input_file;
  std::string logits_file;
};

double seconds_of_a_run(engine::Executable& executable, const engine::Tensor& input) {
  const auto start = std::chrono::steady_clock::now();
  const std::vector<engine::Tensor> outputs = executable.run(input);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return elapsed.count();
}

void serve(engine::Executable& executable, const engine::Tensor& input) {
  std::string word;
  int count = 0;
  while (std::cin >> word >> count) {
    if (word != "run" || count < 1) {
      throw Error(ErrorKind::kUsage, "standard input", quote(word) + " is no command",
                  "write run K");
    }
    for (int i = 0; i < count; ++i) {
      std::cout << (i == 0 ? "" : " ") << to_text(seconds_of_a_run(executable, input));
    }
    std::cout << std::endl;
  }
}

void run(const Options& options) {
  const weights::WeightsFile weights(options.weights);
  const engine::Graph graph = weights.graph(options.height, options.width);
  const engine::Backend& backend = engine::find_backend(options.backend);
  const std::string isa = engine::resolve_isa(backend, options.isa);
  const auto executable = backend.compile(graph, weights, {.threads = options.threads, .isa = isa});
  const engine::Tensor input = bench_images(graph.node(graph.input()).shape, options.batch);
  const engine::Tensor logits = executable->run(input).at(0);
  if (!options.input_file.empty()) image::write_npy(options.input_file, input);
  if (!options.logits_file.empty()) {
    image::write_npy(options.logits_file,
                     engine::Tensor({options.batch, logits.dims()[1]}, logits.values()));
  }
  std::cout << "ready " << backend.name() << ' ' << isa << ' '
            << engine::resolve_threads(options.threads) << std::endl;
  serve(*executable, input);
}

}  // namespace
}  // namespace apatite

int main(int argc, char** argv) {
  CLI::App program("Times runs of a network on demand", "run_network");
  apatite::Options options;
  program.add_option("weights", options.weights, "A weights file")->required();
  program.add_option("--height", options.height, "Of the input, in pixels");
  program.add_option("--width", options.width, "Of the input, in pixels");
  program.add_option("--batch", options.batch, "Images of a run")->check(CLI::Range(1, 1024));
  program.add_option("--threads", options.threads, "0: all that the process may use");
  program.add_option("--backend", options.backend, "See apatite backends");
  program.add_option("--isa", options.isa, "See apatite backends");
  program.add_option("--input", options.input_file, "Where to write the batch");
  program.add_option("--logits", options.logits_file, "Where to write the logits");
  CLI11_PARSE(program, argc, argv);
  try {
    apatite::run(options);
  } catch (const std::exception& error) {
    std::cerr << "run_network: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
