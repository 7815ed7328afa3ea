// The two containers of a checkpoint: where its pickle is, and where its storages are.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "weights/torch/pickle.h"
#include "weights/torch/storage.h"

namespace apatite::weights::torch {

struct Contents {
  std::unique_ptr<Pickle> pickle;
  std::unique_ptr<StorageSource> storages;
};

// torch 1.6 and later: a zip archive with NAME/data.pkl, NAME/byteorder (since 2.1) and one entry
// NAME/data/KEY for each storage.
Contents read_zip(std::span<const std::byte> file, std::string_view where);

// Before torch 1.6, and _use_new_zipfile_serialization=False: five pickles (magic number, protocol
// version 1001, facts of the machine, the object, the list of storage keys), then for each key the
// count of elements as int64 and the elements, little-endian. The format has no checksums.
Contents read_legacy(std::span<const std::byte> file, std::string_view where);

// Looks for the magic number with which the legacy format begins.
bool is_legacy(std::span<const std::byte> file);

}  // namespace apatite::weights::torch
