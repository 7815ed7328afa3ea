// Dense tensors in row-major order: activations N x C x H x W, weights as the layers name them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include "base/huge_pages.h"
#include "engine/graph/shape.h"

namespace apatite::engine {

// An owned array whose first element is aligned for any vector load (64 bytes).
template <class T>
class AlignedArray {
 public:
  static constexpr std::align_val_t kAlignment{64};

  AlignedArray() = default;
  // Uninitialised elements.
  explicit AlignedArray(std::size_t size)
      : data_(static_cast<T*>(::operator new(size * sizeof(T), kAlignment))), size_(size) {
    advise_huge_pages(data_.get(), size * sizeof(T));
  }
  // Elements in memory that another object owns, aligned to 64 bytes. `lent` keeps that memory
  // alive as long as this array lives.
  AlignedArray(std::shared_ptr<T> lent, std::size_t size)
      : data_(lent.get(), Free{lent}), size_(size) {}

  [[nodiscard]] T* data() noexcept { return data_.get(); }
  [[nodiscard]] const T* data() const noexcept { return data_.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  struct Free {
    std::shared_ptr<T> lent;
    void operator()(T* data) const {
      if (lent == nullptr) ::operator delete(data, kAlignment);
    }
  };
  std::unique_ptr<T, Free> data_;
  std::size_t size_ = 0;
};

template <class T>
class BasicTensor {
 public:
  BasicTensor() = default;
  // All elements +0.
  explicit BasicTensor(Dims dims) : BasicTensor(uninitialized(std::move(dims))) {
    std::fill_n(data(), size(), T{0});
  }
  BasicTensor(Dims dims, std::span<const T> values) : BasicTensor(uninitialized(std::move(dims))) {
    std::copy_n(values.data(), std::min(values.size(), storage_.size()), data());
  }
  static BasicTensor uninitialized(Dims dims) {
    BasicTensor tensor;
    tensor.storage_ = AlignedArray<T>(static_cast<std::size_t>(element_count(dims)));
    tensor.dims_ = std::move(dims);
    return tensor;
  }

  BasicTensor(const BasicTensor& other) : BasicTensor(other.dims_, other.values()) {}
  BasicTensor& operator=(const BasicTensor& other) {
    if (this != &other) *this = BasicTensor(other);
    return *this;
  }
  BasicTensor(BasicTensor&&) noexcept = default;
  BasicTensor& operator=(BasicTensor&&) noexcept = default;
  ~BasicTensor() = default;

  [[nodiscard]] const Dims& dims() const noexcept { return dims_; }
  [[nodiscard]] std::size_t size() const noexcept { return storage_.size(); }
  [[nodiscard]] T* data() noexcept { return storage_.data(); }
  [[nodiscard]] const T* data() const noexcept { return storage_.data(); }
  [[nodiscard]] std::span<T> values() noexcept { return {data(), size()}; }
  [[nodiscard]] std::span<const T> values() const noexcept { return {data(), size()}; }

 private:
  Dims dims_;
  AlignedArray<T> storage_;
};

using Tensor = BasicTensor<float>;
using Tensor64 = BasicTensor<double>;

// What `canonicalize` found: the count of -0 that it made +0, and the first non-finite element.
struct CanonicalReport {
  std::int64_t negative_zeros = 0;
  std::int64_t first_non_finite = -1;  // -1: all finite
};

// Makes every -0 a +0 (docs/arithmetic.md, "one zero") and looks for infinities and NaN.
CanonicalReport canonicalize(std::span<float> values);

// Index of the first infinity or NaN, -1 if all are finite.
std::int64_t first_non_finite(std::span<const float> values);
std::int64_t first_non_finite(std::span<const double> values);

// Exact: every binary32 value is a binary64 value.
Tensor64 widen(const Tensor& tensor);
// One rounding to nearest even each; -0 becomes +0.
Tensor narrow(const Tensor64& tensor);

}  // namespace apatite::engine
