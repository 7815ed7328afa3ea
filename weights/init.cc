#include "weights/init.h"

#include <cmath>
#include <string_view>

#include "base/random.h"
#include "engine/runtime/fp_environment.h"

namespace apatite::weights {
namespace {

// Fowler, Noll, Vo: http://www.isthe.com/chongo/tech/comp/fnv/
constexpr std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

float he_uniform_bound(const engine::Dims& dims) {
  const std::int64_t fan_in = engine::element_count(std::span(dims).subspan(1));
  return static_cast<float>(std::sqrt(6.0 / static_cast<double>(fan_in)));
}

// value = offset + u * scale; exact but for at most one rounding (weights/init.h).
struct Formula {
  float offset;
  float scale;
};

Formula formula_of(const engine::Parameter& parameter) {
  const std::string_view name = parameter.name;
  if (name.ends_with("running_mean") || name.ends_with("bias")) return {0.0F, 0x1p-5F};
  if (name.ends_with("running_var")) return {1.0F, 0x1p-1F};
  if (parameter.dims.size() < 2) return {0.6875F, 0x1p-2F};
  return {0.0F, he_uniform_bound(parameter.dims)};
}

}  // namespace

engine::Tensor seeded_tensor(const engine::Parameter& parameter, std::uint64_t seed) {
  const engine::FpEnvironment environment;
  const std::uint64_t stream = random_stream(seed, fnv1a(parameter.name));
  const Formula formula = formula_of(parameter);
  auto tensor = engine::Tensor::uninitialized(parameter.dims);
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    const float scaled = random_symmetric(stream, i) * formula.scale;
    tensor.data()[i] = formula.offset + scaled;
  }
  return tensor;
}

NamedTensors seeded_tensors(const engine::Graph& graph, std::uint64_t seed) {
  NamedTensors tensors;
  for (const engine::Parameter& parameter : graph.parameters()) {
    tensors.emplace(parameter.name, seeded_tensor(parameter, seed));
  }
  return tensors;
}

}  // namespace apatite::weights
