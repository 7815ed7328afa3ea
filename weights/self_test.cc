#include "weights/self_test.h"

#include <bit>
#include <span>
#include <vector>

#include "base/random.h"
#include "base/sha256.h"
#include "engine/graph/contract.h"

namespace apatite::weights {

engine::Tensor self_test_input(const engine::Shape& shape, std::uint64_t seed) {
  auto image = engine::Tensor::uninitialized(shape.with_batch(1));
  for (std::size_t i = 0; i < image.size(); ++i) image.data()[i] = 2 * random_symmetric(seed, i);
  return image;
}

std::string logits_sha256(const engine::Tensor& logits) {
  static_assert(std::endian::native == std::endian::little);
  return sha256_hex(std::as_bytes(logits.values()));
}

SelfTest make_self_test(const engine::Graph& graph, const engine::ParameterSource& parameters,
                        const engine::Backend& backend, const engine::CompileOptions& options,
                        std::uint64_t seed) {
  const engine::Shape& input = graph.node(graph.input()).shape;
  engine::CompileOptions only_logits = options;
  only_logits.outputs.clear();
  const auto executable = backend.compile(graph, parameters, only_logits);
  const std::vector<engine::Tensor> results = executable->run(self_test_input(input, seed));
  return {engine::kContractVersion, input, seed, logits_sha256(results.at(0))};
}

}  // namespace apatite::weights
