// The safetensors format: 8 bytes of little-endian header length N, N bytes of JSON that begin with
// '{' and may end in spaces, then the tensors' bytes without a gap.
// https://github.com/huggingface/safetensors#format; docs/formats.md says what is refused and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "engine/graph/shape.h"
#include "engine/graph/tensor.h"
#include "weights/safetensors/dtype.h"
#include "weights/safetensors/named_tensors.h"

namespace apatite::weights {

// One tensor of a file: bytes [begin, end) of the data that follows the header.
struct TensorEntry {
  std::string name;
  DType dtype = DType::kF32;
  engine::Dims dims;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

using StringMap = std::map<std::string, std::string, std::less<>>;

// A header that has been checked against the file's size: every entry has a known dtype and a
// possible shape, begin <= end, end - begin is exactly what dtype and shape need, and together the
// entries cover the data without overlap, hole or left-over byte.
struct SafetensorsHeader {
  StringMap metadata;                // "__metadata__"; empty if there is none
  std::vector<TensorEntry> tensors;  // sorted by name, no name twice
  std::uint64_t data_begin = 0;      // in the file

  // nullptr if there is no such tensor.
  [[nodiscard]] const TensorEntry* find(std::string_view name) const;
  // The entry's bytes in `file`, the bytes that parse_safetensors() checked.
  [[nodiscard]] std::span<const std::byte> bytes_of(const TensorEntry& entry,
                                                    std::span<const std::byte> file) const;
};

// Reads and checks the header of a whole file. The memory it takes is a small multiple of the
// header's length, which is at most 100,000,000 and at most what the file holds. `where` is the
// file's name for messages. Throws Error (kBadFile).
SafetensorsHeader parse_safetensors(std::span<const std::byte> file, std::string_view where);

struct LoadedTensor {
  engine::Tensor values;
  DecodeReport report;
};

// Copies one tensor to binary32: finite and without -0. Throws Error (kBadFile) that names the
// tensor: if its dtype is not decodable or an element is not finite (its index is named).
LoadedTensor load_tensor(std::span<const std::byte> bytes, const TensorEntry& entry,
                         std::string_view where);

// A file on disk, mapped. Opening reads the header alone; load() reads one tensor and then lets the
// system drop its pages, so that the file never stays in memory beside its copy.
class SafetensorsFile {
 public:
  // Throws Error: kIo if the file cannot be opened, kBadFile if its header is refused.
  explicit SafetensorsFile(const std::filesystem::path& path);

  [[nodiscard]] const std::string& where() const noexcept { return where_; }
  [[nodiscard]] const SafetensorsHeader& header() const noexcept { return header_; }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return file_.bytes(); }
  [[nodiscard]] LoadedTensor load(const TensorEntry& entry) const;
  // Of the file's bytes.
  [[nodiscard]] std::string sha256() const;

 private:
  std::string where_;
  MappedFile file_;
  SafetensorsHeader header_;
};

// Writes F32 tensors, atomically: the same tensors and metadata give the same bytes everywhere
// (sorted names and keys, data in the order of the names, header padded with spaces to a multiple
// of 8). Throws Error: kUsage if a name or text is not UTF-8 or a tensor is called
// "__metadata__"; kIo if the file cannot be written.
void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const StringMap& metadata);

}  // namespace apatite::weights
