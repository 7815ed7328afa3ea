#include "engine/tensor.h"

#include <cmath>

namespace apatite {
namespace {

template <class T>
std::int64_t find_non_finite(std::span<const T> values) {
  const auto found =
      std::find_if(values.begin(), values.end(), [](T x) { return !std::isfinite(x); });
  return found == values.end() ? -1 : found - values.begin();
}

}  // namespace

CanonicalReport canonicalize(std::span<float> values) {
  CanonicalReport report;
  for (float& x : values) {
    report.negative_zeros += (x == 0.0F && std::signbit(x)) ? 1 : 0;
    x += 0.0F;  // -0 + +0 = +0; every other value is unchanged
  }
  report.first_non_finite = first_non_finite(values);
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

}  // namespace apatite
