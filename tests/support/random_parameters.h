// Weights and images from base/random.h: the same on every machine and, by
// tests/goldens/conformance.py, in Python (the small integers).
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/random.h"
#include "engine/graph/graph.h"

namespace apatite {

// What random numbers are like.
enum class Values {
  kNetwork,   // a sane network: activations neither grow nor die
  kSpiced,    // the same with zeros, -0 (in images) and subnormals among them
  kTiny,      // products underflow: chains that end in -0 unless the zero is kept one
  kIntegers,  // small integers: sums are exact in binary32
};

// FNV-1a, 64 bits: a number for a name.
inline std::uint64_t name_hash(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

// `plain`, but one in eight is a zero (signed if `signed_zero`), a subnormal or a tiny normal.
inline float spice(float plain, std::uint64_t bits, bool signed_zero) {
  switch (bits % 16) {
    case 0:
      return signed_zero && (bits & 16U) != 0 ? -0.0F : 0.0F;
    case 1:
      return plain * ((bits & 16U) != 0 ? 0x1p-140F : 0x1p-120F);
    default:
      return plain;
  }
}

// The i-th number of `stream` that stands for an ordinary weight or pixel of the size `scale`.
inline float random_value(std::uint64_t stream, std::uint64_t i, double scale, Values values,
                          bool signed_zero) {
  const double unit = random_symmetric(stream, i);
  const auto plain = static_cast<float>(unit * scale);
  switch (values) {
    case Values::kSpiced:
      return spice(plain, random_bits(stream + 1, i), signed_zero);
    case Values::kTiny:
      return plain * 0x1p-76F;
    case Values::kIntegers:
      return static_cast<float>(std::trunc(unit * 4)) + 0.0F;
    case Values::kNetwork:
      break;
  }
  return plain + 0.0F;
}

// A source of weights. With u uniform on (-1, 1), each tensor of its own stream:
//   convolution and linear weights  u * sqrt(3 / fan_in): the output's variance is the input's mean
//                                   square, so that residual sums grow slowly
//   gamma, running_var              1 + u / 2
//   beta, running_mean, bias        u / 8
class RandomParameters final : public engine::ParameterSource {
 public:
  explicit RandomParameters(std::uint64_t seed, Values values = Values::kNetwork)
      : seed_(seed), values_(values) {}

  [[nodiscard]] engine::Tensor load(const engine::Parameter& parameter) const override {
    const std::uint64_t stream = random_stream(seed_, name_hash(parameter.name));
    auto tensor = engine::Tensor::uninitialized(parameter.dims);
    for (std::size_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = value(parameter, stream, i);
    return tensor;
  }

 private:
  [[nodiscard]] float value(const engine::Parameter& parameter, std::uint64_t stream,
                            std::uint64_t i) const {
    const engine::Dims& dims = parameter.dims;
    if (dims.size() > 1) {
      const std::int64_t fan_in = engine::element_count(dims) / dims[0];
      return random_value(stream, i, std::sqrt(3.0 / static_cast<double>(fan_in)), values_, false);
    }
    const bool is_scale = parameter.name.ends_with(".running_var") ||
                          (parameter.name.ends_with(".weight") && dims.size() == 1);
    if (is_scale) return static_cast<float>(1 + 0.5 * random_symmetric(stream, i));
    if (values_ == Values::kTiny) return 0;  // a shift would hide what underflows
    return random_value(stream, i, 0.125, values_, false);
  }

  std::uint64_t seed_;
  Values values_;
};

// All parameters of a graph, drawn once: for tests that compile it many times.
class LoadedParameters final : public engine::ParameterSource {
 public:
  LoadedParameters(const engine::Graph& graph, const engine::ParameterSource& source) {
    for (const engine::Parameter& parameter : graph.parameters()) {
      tensors_.emplace(parameter.name, source.load(parameter));
    }
  }
  [[nodiscard]] engine::Tensor load(const engine::Parameter& parameter) const override {
    return tensors_.at(parameter.name);
  }

 private:
  std::map<std::string, engine::Tensor> tensors_;
};

// A batch of images, uniform on (-1, 1), each image of its own stream.
inline engine::Tensor random_images(const engine::Shape& shape, std::int64_t batch,
                                    std::uint64_t seed, Values values = Values::kNetwork) {
  auto images = engine::Tensor::uninitialized(shape.with_batch(batch));
  const auto pixels = static_cast<std::uint64_t>(shape.size());
  for (std::uint64_t i = 0; i < images.size(); ++i) {
    const std::uint64_t stream = random_stream(seed, i / pixels);
    images.data()[i] = random_value(stream, i % pixels, 1, values, true);
  }
  return images;
}

}  // namespace apatite
