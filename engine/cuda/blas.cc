#include "engine/cuda/blas.h"

#include <cublas_v2.h>
#include <dlfcn.h>

#include "base/error.h"
#include "base/text.h"

namespace apatite::engine::cuda {
namespace {

constexpr int kOk = CUBLAS_STATUS_SUCCESS;

// The functions of the library that are used, by the types of its header.
struct Library {
  decltype(&cublasCreate_v2) create = nullptr;
  decltype(&cublasDestroy_v2) destroy = nullptr;
  decltype(&cublasSetStream_v2) set_stream = nullptr;
  decltype(&cublasSetMathMode) set_math_mode = nullptr;
  decltype(&cublasSgemm_v2) sgemm = nullptr;
  std::string error;
};

Library load() {
  const std::string name = "libcublas.so." + to_text(std::int64_t{CUBLAS_VER_MAJOR});
  Library library;
  void* handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    const char* reason = dlerror();
    library.error = "cuBLAS cannot be loaded: " + std::string(reason != nullptr ? reason : name);
    return library;
  }
  const auto find = [&](auto& function, const char* symbol) {
    function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(handle, symbol));
    if (function == nullptr) library.error = name + " has no " + symbol;
  };
  find(library.create, "cublasCreate_v2");
  find(library.destroy, "cublasDestroy_v2");
  find(library.set_stream, "cublasSetStream_v2");
  find(library.set_math_mode, "cublasSetMathMode");
  find(library.sgemm, "cublasSgemm_v2");
  return library;
}

const Library& library() {
  static const Library loaded = load();
  return loaded;
}

void check_blas(int status, const char* what) {
  if (status == kOk) return;
  throw Error(ErrorKind::kUnavailable, "cuBLAS",
              std::string("failed ") + what + " (status " + to_text(std::int64_t{status}) + ")");
}

}  // namespace

std::string blas_unavailable_reason() { return library().error; }

struct Blas::Handle {
  cublasHandle_t handle = nullptr;
  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (handle != nullptr) library().destroy(handle);
  }
};

Blas::Blas(const Stream& stream) : handle_(std::make_unique<Handle>()) {
  check_blas(library().create(&handle_->handle), "to start");
  check_blas(library().set_stream(handle_->handle, stream.get()), "to take a stream");
  // No TF32, whatever the environment asks for.
  check_blas(library().set_math_mode(handle_->handle, CUBLAS_PEDANTIC_MATH), "to choose binary32");
}

Blas::~Blas() = default;

// cuBLAS counts down columns: its matrices are the transposes of these.
void Blas::multiply(const float* weights, std::int64_t weight_stride, const float* matrix,
                    std::int64_t matrix_stride, float* sums, std::int64_t m, std::int64_t p,
                    std::int64_t k) const {
  const float one = 1;
  const float zero = 0;
  const auto size = [](std::int64_t value) { return static_cast<int>(value); };
  check_blas(library().sgemm(handle_->handle, CUBLAS_OP_N, CUBLAS_OP_T, size(p), size(m), size(k),
                             &one, matrix, size(matrix_stride), weights, size(weight_stride), &zero,
                             sums, size(p)),
             "to multiply matrices");
}

}  // namespace apatite::engine::cuda
