// A .pth, .pt or .th file as an ordered list of named tensors.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/shape.h"
#include "engine/graph/tensor.h"
#include "weights/safetensors/dtype.h"
#include "weights/torch/pickle.h"
#include "weights/torch/storage.h"

namespace apatite::weights::torch {

// One tensor of the state dict, checked: element (i0, i1, ...) is element
// offset + i0*strides[0] + i1*strides[1] + ... of the storage, and all of them lie inside it.
struct StoredTensor {
  std::string name;
  DType dtype = DType::kF32;
  engine::Dims dims;
  engine::Dims strides;     // in elements, none negative
  std::int64_t offset = 0;  // in elements, from the start of the whole storage
  StorageId storage;
};

// The values of one tensor in binary32, and what the conversion did.
struct LoadedValues {
  engine::Tensor values;
  DecodeReport report;
  double largest_relative_change = 0;  // of a rounded value: |binary32 - original| / |original|
};

// A checkpoint in memory: `file` must outlive it. Two formats are read: the zip archive (torch 1.6
// and later) and the legacy sequence of pickles.
class Checkpoint {
 public:
  // Finds the state dict: the dict at `key` ("a/b" for b inside a), or, with an empty key, the only
  // dict that holds tensors; if there are several, the first of "state_dict", "model_state_dict",
  // "model", "net", "network", "module" and the outermost dict. Throws Error: kBadFile if the file
  // is refused, kUsage if the key is missing or several dicts could be meant.
  Checkpoint(std::span<const std::byte> file, std::string_view where, std::string_view key = {});
  ~Checkpoint();

  // "zip" or "legacy".
  [[nodiscard]] std::string_view format() const noexcept { return format_; }
  // The key at which the state dict was found, "" for the outermost dict.
  [[nodiscard]] const std::string& key() const noexcept { return key_; }
  // In the order of the file, no name twice.
  [[nodiscard]] std::span<const StoredTensor> tensors() const noexcept { return tensors_; }
  // Names in the state dict whose values are no tensors.
  [[nodiscard]] std::span<const std::string> ignored() const noexcept { return ignored_; }

  // The tensor's values, row-major, without -0. The report names the first element that is not
  // finite in binary32, if there is one. Throws Error (kBadFile): a tensor of integers, a storage
  // that is missing, damaged or of another size than the tensor says.
  [[nodiscard]] LoadedValues load(const StoredTensor& tensor) const;

 private:
  std::string where_;
  std::string_view format_;
  std::string key_;
  std::unique_ptr<Pickle> pickle_;
  std::unique_ptr<StorageSource> storages_;
  std::vector<StoredTensor> tensors_;
  std::vector<std::string> ignored_;
};

}  // namespace apatite::weights::torch
