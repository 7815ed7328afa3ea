// Storages: the flat arrays that the tensors of a checkpoint view.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "weights/safetensors/dtype.h"
#include "weights/torch/pickle.h"

namespace apatite::weights::torch {

// What a persistent id says: ("storage", type, key, device, count[, view]). A view, which only the
// legacy format writes, is a part of the storage: (view key, first element, count).
struct StorageId {
  std::string_view key;
  DType type = DType::kF32;
  std::int64_t count = 0;       // elements of the whole storage
  std::int64_t view_first = 0;  // of the view; without one, the whole storage
  std::int64_t view_count = 0;

  [[nodiscard]] std::size_t element_bytes() const {
    return static_cast<std::size_t>(dtype_bits(type)) / 8;
  }
  [[nodiscard]] std::size_t bytes() const {
    return static_cast<std::size_t>(count) * element_bytes();
  }
};

// Reads and checks the persistent id `value` of kind kStorage. Throws Error (kBadFile).
StorageId storage_id(const Pickle& pickle, PickleValue value, std::string_view where);

// Where the storages' bytes are: a zip archive, or the tail of a legacy file.
class StorageSource {
 public:
  StorageSource() = default;
  StorageSource(const StorageSource&) = delete;
  StorageSource& operator=(const StorageSource&) = delete;
  virtual ~StorageSource() = default;

  // The id.bytes() bytes of the whole storage, verified as far as the format allows. Throws Error
  // (kBadFile) if it is missing or has another size.
  [[nodiscard]] virtual std::span<const std::byte> bytes(const StorageId& id) const = 0;
};

}  // namespace apatite::weights::torch
