#include "engine/graph/tensor.h"

#include <bit>
#include <cmath>

namespace apatite::engine {
namespace {

template <class T>
std::int64_t find_non_finite(std::span<const T> values) {
  const auto found =
      std::find_if(values.begin(), values.end(), [](T x) { return !std::isfinite(x); });
  return found == values.end() ? -1 : found - values.begin();
}

}  // namespace

CanonicalReport canonicalize(std::span<float> values) {
  // Works on the bits, in blocks without an early exit, so that compilers vectorise it whatever the
  // floating-point environment is.
  constexpr std::size_t kBlock = 4096;
  constexpr std::uint32_t kNegativeZero = 0x80000000U;
  constexpr std::uint32_t kExponent = 0x7F800000U;
  CanonicalReport report;
  for (std::size_t first = 0; first < values.size(); first += kBlock) {
    const auto block = values.subspan(first, std::min(kBlock, values.size() - first));
    std::uint32_t negative_zeros = 0;
    std::uint32_t non_finite = 0;
    for (float& x : block) {
      const auto bits = std::bit_cast<std::uint32_t>(x);
      const std::uint32_t is_negative_zero = bits == kNegativeZero ? 1U : 0U;
      negative_zeros += is_negative_zero;
      non_finite |= (bits & kExponent) == kExponent ? 1U : 0U;
      x = std::bit_cast<float>(bits ^ (is_negative_zero << 31U));
    }
    report.negative_zeros += negative_zeros;
    if (non_finite != 0 && report.first_non_finite < 0) {
      report.first_non_finite = static_cast<std::int64_t>(first) + first_non_finite(block);
    }
  }
  return report;
}

std::int64_t first_non_finite(std::span<const float> values) { return find_non_finite(values); }
std::int64_t first_non_finite(std::span<const double> values) { return find_non_finite(values); }

Tensor64 widen(const Tensor& tensor) {
  auto wide = Tensor64::uninitialized(tensor.dims());
  std::copy_n(tensor.data(), tensor.size(), wide.data());
  return wide;
}

Tensor narrow(const Tensor64& tensor) {
  auto narrowed = Tensor::uninitialized(tensor.dims());
  std::transform(tensor.data(), tensor.data() + tensor.size(), narrowed.data(),
                 [](double x) { return static_cast<float>(x) + 0.0F; });
  return narrowed;
}

}  // namespace apatite::engine
