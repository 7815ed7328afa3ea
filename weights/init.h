// Untrained weights made from a seed, with the same bits on every machine. They are used by tests,
// goldens, benchmarks and `apatite init`.
//
// The tensor NAME of a network is made from u[i] = random_symmetric(s, i) (base/random.h), i the
// row-major index, with its own stream s = random_stream(seed, fnv1a(NAME)); fnv1a is the 64-bit
// FNV-1a hash of the name's bytes. In binary32, each operation rounded once, u * 2^-k being exact:
//   NAME ends in "running_mean" or "bias":  u * 2^-5
//   NAME ends in "running_var":             1 + u * 2^-1
//   one dimension (gamma):                  0.6875 + u * 2^-2
//   two or more (weight):                   u * r, r = sqrt(6 / fan_in) in binary64 (the quotient
//       and the root rounded once each), rounded to binary32; fan_in = product of all dims but the
//       first. This is the uniform form of He et al. 2015, "Delving deep into rectifiers", eq. 10.
// No value is -0. A batch normalisation with these values reduces a variance of 1 to about one
// half. This keeps the activations of a ResNet of 152 layers below 1e4, and a DenseNet of 201
// layers still gives different results for different images. tests/weights/seeded_weights.py does
// the same in numpy.
#pragma once

#include <cstdint>

#include "engine/graph/graph.h"
#include "weights/safetensors/named_tensors.h"

namespace apatite::weights {

engine::Tensor seeded_tensor(const engine::Parameter& parameter, std::uint64_t seed);

// Every parameter of the graph.
NamedTensors seeded_tensors(const engine::Graph& graph, std::uint64_t seed);

// The same for a backend, one tensor in memory at a time.
class SeededParameters : public engine::ParameterSource {
 public:
  explicit SeededParameters(std::uint64_t seed) : seed_(seed) {}
  [[nodiscard]] engine::Tensor load(const engine::Parameter& parameter) const override {
    return seeded_tensor(parameter, seed_);
  }

 private:
  std::uint64_t seed_;
};

}  // namespace apatite::weights
