#include "weights/safetensors/safetensors.h"

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"

namespace apatite::weights {

const TensorEntry* SafetensorsHeader::find(std::string_view name) const {
  const auto found = std::lower_bound(
      tensors.begin(), tensors.end(), name,
      [](const TensorEntry& entry, std::string_view wanted) { return entry.name < wanted; });
  return found != tensors.end() && found->name == name ? &*found : nullptr;
}

std::span<const std::byte> SafetensorsHeader::bytes_of(const TensorEntry& entry,
                                                       std::span<const std::byte> file) const {
  return file.subspan(data_begin + entry.begin, entry.end - entry.begin);
}

LoadedTensor load_tensor(std::span<const std::byte> bytes, const TensorEntry& entry,
                         std::string_view where) {
  if (!is_decodable(entry.dtype)) {
    throw Error(ErrorKind::kBadFile, where,
                "tensor " + quote(entry.name) + " has the dtype " +
                    std::string(dtype_name(entry.dtype)) + ", which is not a supported one",
                "store it as F32, F16, BF16 or F64");
  }
  LoadedTensor loaded{engine::Tensor::uninitialized(entry.dims), {}};
  loaded.report = decode(entry.dtype, bytes, loaded.values.values());
  if (const std::int64_t index = loaded.report.first_non_finite; index >= 0) {
    throw Error(ErrorKind::kBadFile, where,
                "tensor " + quote(entry.name) + " is not finite: element " + to_text(index) +
                    " is " + to_text(loaded.values.data()[index]) + " in binary32",
                "the training diverged, or the file is damaged");
  }
  return loaded;
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : where_(path.string()), file_(path), header_(parse_safetensors(file_.bytes(), where_)) {}

LoadedTensor SafetensorsFile::load(const TensorEntry& entry) const {
  const auto bytes = header_.bytes_of(entry, file_.bytes());
  LoadedTensor loaded = load_tensor(bytes, entry, where_);
  file_.release(bytes);
  return loaded;
}

std::string SafetensorsFile::sha256() const { return sha256_hex(file_); }

namespace {

std::string header_bytes(const std::filesystem::path& path, const NamedTensors& tensors,
                         const StringMap& metadata) {
  Json header = Json::object();
  for (const auto& [key, text] : metadata) {
    header["__metadata__"][key] = text;
  }
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : tensors) {
    if (name == "__metadata__") {
      throw Error(ErrorKind::kUsage, path.string(), "a tensor may not be called \"__metadata__\"");
    }
    const std::uint64_t end = offset + tensor.values().size_bytes();
    header[name] = {{"dtype", "F32"}, {"shape", tensor.dims()}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const Json::exception&) {
    throw Error(ErrorKind::kUsage, path.string(), "a name or metadata text is not UTF-8");
  }
  constexpr std::size_t kAlignment = 8;
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  return text;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const StringMap& metadata) {
  const std::string header = header_bytes(path, tensors, metadata);
  const auto length = static_cast<std::uint64_t>(header.size());
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(header);
  for (const auto& [name, tensor] : tensors) file.write(std::as_bytes(tensor.values()));
  file.commit();
}

}  // namespace apatite::weights
