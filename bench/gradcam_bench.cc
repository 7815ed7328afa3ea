// The cost of Grad-CAM at the default layer beside a plain forward pass, with seeded weights:
//   gradcam_bench NETWORK BATCH THREADS
// prints the milliseconds of one forward pass and of one Grad-CAM, each the median of turns that
// alternate. bench/gradcam_vs_pytorch.py runs it beside pytorch-grad-cam.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "engine/backends.h"
#include "gradcam/map/explainer.h"
#include "models/models.h"
#include "weights/init.h"
#include "weights/self_test.h"

namespace apatite {
namespace {

double milliseconds(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int run(const char* name, std::int64_t batch, int threads) {
  constexpr int kTurns = 5;
  const engine::Graph graph = models::build_model(models::default_config(name), 224, 224);
  const weights::SeededParameters source(1);
  const engine::Backend& backend = *engine::backends().front();
  const auto forward = backend.compile(graph, source, {.threads = threads});
  gradcam::Explainer explainer(graph, source, backend, {.threads = threads},
                               {{gradcam::Method::kGradCam, gradcam::default_layer(graph)}});
  const engine::Shape& shape = graph.node(0).shape;
  auto images = engine::Tensor::uninitialized(shape.with_batch(batch));
  for (std::int64_t n = 0; n < batch; ++n) {
    const engine::Tensor image = weights::self_test_input(shape, static_cast<std::uint64_t>(n));
    std::copy_n(image.data(), image.size(), images.data() + n * shape.size());
  }
  std::vector<double> plain;
  std::vector<double> explained;
  for (int turn = 0; turn <= kTurns; ++turn) {
    plain.push_back(milliseconds([&] { forward->run(images); }));
    explained.push_back(milliseconds([&] { explainer.explain(images); }));
    if (turn == 0) plain.clear(), explained.clear();  // warm
  }
  std::printf("%.3f %.3f\n", median(plain), median(explained));
  return 0;
}

}  // namespace
}  // namespace apatite

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("gradcam_bench NETWORK BATCH THREADS\n", stderr);
    return 2;
  }
  return apatite::run(argv[1], std::atoll(argv[2]), std::atoi(argv[3]));
}
