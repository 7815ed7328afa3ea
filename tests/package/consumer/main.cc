// Another project's program: one image through a seeded network.
#include <cstdio>

#include "engine/backends.h"
#include "models/models.h"
#include "weights/init.h"
#include "weights/self_test.h"

int main() {
  using namespace apatite;
  const Graph graph = build_model(default_config("cifar_resnet20"), 32, 32);
  const auto network = backends().front()->compile(graph, SeededParameters(1), {});
  const Tensor logits = network->run(self_test_input({3, 32, 32}, kSelfTestSeed))[0];
  std::printf("logits %s\n", logits_sha256(logits).c_str());
}
