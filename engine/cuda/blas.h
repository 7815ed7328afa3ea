// Matrix products by cuBLAS.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>
#include <memory>
#include <string>

#include "engine/cuda/device.h"

namespace apatite::engine::cuda {

// Empty if the cuBLAS library can be loaded, else why not. It is loaded at the first call, not when
// the program starts: it and what it needs take half a gigabyte.
std::string blas_unavailable_reason();

// A handle of cuBLAS on a stream, in binary32 without TF32.
class Blas {
 public:
  // Throws Error (kUnavailable).
  explicit Blas(const Stream& stream);
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;
  ~Blas();

  // sums[m][p] = sum over k of weights[k][m] * matrix[k][p]; rows of `weights` are weight_stride
  // floats apart, those of `matrix` matrix_stride, those of `sums` p.
  void multiply(const float* weights, std::int64_t weight_stride, const float* matrix,
                std::int64_t matrix_stride, float* sums, std::int64_t m, std::int64_t p,
                std::int64_t k) const;

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

}  // namespace apatite::engine::cuda
