// Owners of what a GPU hands out, and errors for what it refuses.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <span>
#include <utility>

namespace apatite::engine::cuda {

// Throws Error (kUnavailable) for a failed call; `what` says what was tried: "to reserve memory".
void check(cudaError_t status, const char* what);

// An owned array in the GPU's memory, uninitialised.
template <class T>
class DeviceArray {
 public:
  DeviceArray() = default;
  explicit DeviceArray(std::size_t size) : size_(size) {
    if (size == 0) return;
    void* memory = nullptr;
    check(cudaMalloc(&memory, size * sizeof(T)), "to reserve memory");
    data_ = static_cast<T*>(memory);
  }
  explicit DeviceArray(std::span<const T> values) : DeviceArray(values.size()) {
    copy_from(values, nullptr);
    check(cudaStreamSynchronize(nullptr), "to copy to its memory");
  }
  DeviceArray(DeviceArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  DeviceArray& operator=(DeviceArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;
  ~DeviceArray() { cudaFree(data_); }

  // Makes it hold `size` elements at least; what it held is lost if it grows.
  void reserve(std::size_t size) {
    if (size <= size_) return;
    *this = DeviceArray();  // the old one goes first: both may not fit
    *this = DeviceArray(size);
  }

  [[nodiscard]] T* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  // In the order of `stream`; `values` fit. Both may return before the copy is done, and use
  // `values` until then.
  void copy_from(std::span<const T> values, cudaStream_t stream) const {
    check(
        cudaMemcpyAsync(data_, values.data(), values.size_bytes(), cudaMemcpyHostToDevice, stream),
        "to copy to its memory");
  }
  void copy_to(std::span<T> values, cudaStream_t stream) const {
    check(
        cudaMemcpyAsync(values.data(), data_, values.size_bytes(), cudaMemcpyDeviceToHost, stream),
        "to copy from its memory");
  }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

class Stream {
 public:
  Stream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "to start"); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { cudaStreamDestroy(stream_); }

  [[nodiscard]] cudaStream_t get() const noexcept { return stream_; }
  void synchronize() const { check(cudaStreamSynchronize(stream_), "to compute"); }

 private:
  cudaStream_t stream_ = nullptr;
};

// A recorded sequence of launches that is started as one.
class Recording {
 public:
  Recording() = default;
  // Records what `enqueue` puts into the stream; nothing runs.
  template <class Enqueue>
  Recording(const Stream& stream, Enqueue enqueue) {
    check(cudaStreamBeginCapture(stream.get(), cudaStreamCaptureModeThreadLocal), "to record");
    cudaGraph_t graph = nullptr;
    try {
      enqueue();
    } catch (...) {
      cudaStreamEndCapture(stream.get(), &graph);
      cudaGraphDestroy(graph);
      throw;
    }
    check(cudaStreamEndCapture(stream.get(), &graph), "to record");
    const cudaError_t status = cudaGraphInstantiate(&recorded_, graph, 0);
    cudaGraphDestroy(graph);
    check(status, "to prepare the network");
  }
  Recording(Recording&& other) noexcept : recorded_(std::exchange(other.recorded_, nullptr)) {}
  Recording& operator=(Recording&& other) noexcept {
    std::swap(recorded_, other.recorded_);
    return *this;
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  ~Recording() {
    if (recorded_ != nullptr) cudaGraphExecDestroy(recorded_);
  }

  void start(const Stream& stream) const {
    check(cudaGraphLaunch(recorded_, stream.get()), "to start the network");
  }

 private:
  cudaGraphExec_t recorded_ = nullptr;
};

}  // namespace apatite::engine::cuda
