#include "weights/self_test.h"

#include <bit>
#include <span>
#include <vector>

#include "base/random.h"
#include "base/sha256.h"
#include "engine/graph/contract.h"

namespace apatite {

Tensor self_test_input(const Shape& shape, std::uint64_t seed) {
  auto image = Tensor::uninitialized(shape.with_batch(1));
  for (std::size_t i = 0; i < image.size(); ++i) image.data()[i] = 2 * random_symmetric(seed, i);
  return image;
}

std::string logits_sha256(const Tensor& logits) {
  static_assert(std::endian::native == std::endian::little);
  return sha256_hex(std::as_bytes(logits.values()));
}

SelfTest make_self_test(const Graph& graph, const ParameterSource& parameters,
                        const Backend& backend, const CompileOptions& options, std::uint64_t seed) {
  const Shape& input = graph.node(graph.input()).shape;
  CompileOptions only_logits = options;
  only_logits.outputs.clear();
  const auto executable = backend.compile(graph, parameters, only_logits);
  const std::vector<Tensor> results = executable->run(self_test_input(input, seed));
  return {kContractVersion, input, seed, logits_sha256(results.at(0))};
}

}  // namespace apatite
