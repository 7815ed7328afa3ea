// Pickles and checkpoints written opcode by opcode, without the reader under test.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/graph/shape.h"
#include "tests/weights/torch/raw_zip.h"

namespace apatite::weights::torch::raw {

inline std::string text(std::string_view value) {
  std::string bytes = "X";
  append_little(bytes, value.size(), 4);
  return bytes.append(value);
}
inline std::string integer(std::int64_t value) {
  std::string bytes = "\x8a\x08";
  append_little(bytes, static_cast<std::uint64_t>(value), 8);
  return bytes;
}
inline std::string tuple(const std::vector<std::string>& items) {
  std::string bytes = "(";
  for (const std::string& item : items) bytes += item;
  return bytes + "t";
}
inline std::string sizes(const engine::Dims& dims) {
  std::vector<std::string> items;
  for (const std::int64_t size : dims) items.push_back(integer(size));
  return tuple(items);
}
inline std::string global(std::string_view module, std::string_view name) {
  return std::string("c").append(module).append("\n").append(name).append("\n");
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string bytes = "}(";
  for (const auto& [key, value] : items) bytes += text(key) + value;
  return bytes + "u";
}
inline std::string pickle(std::string_view body) {
  return std::string("\x80\x02").append(body).append(".");
}

// A storage and a view of it, as torch.save pickles them.
struct RawTensor {
  std::string key = "0";
  std::int64_t count = 0;  // of the storage
  engine::Dims dims{};
  engine::Dims strides{};
  std::int64_t offset = 0;
  std::string type = "FloatStorage";
  std::string view{};  // legacy: the sixth item of the persistent id
};

inline std::string tensor(const RawTensor& t) {
  std::vector<std::string> id{text("storage"), global("torch", t.type), text(t.key), text("cpu"),
                              integer(t.count)};
  if (!t.view.empty()) id.push_back(t.view);
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple({tuple(id) + "Q", integer(t.offset), sizes(t.dims), sizes(t.strides), "\x89",
                global("collections", "OrderedDict") + ")R"}) +
         "R";
}

inline engine::Dims contiguous(const engine::Dims& dims) {
  engine::Dims strides(dims.size(), 1);
  for (std::size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

template <class T>
std::string bytes_of(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}
inline std::string floats(const std::vector<float>& values) {
  return bytes_of(std::span<const float>(values));
}

// A checkpoint in torch's zip format: the pickle of `body`, and storages "0", "1", ...
inline std::string zip_checkpoint(std::string_view body, const std::vector<std::string>& storages) {
  std::vector<RawEntry> entries{{.name = "x/data.pkl", .data = pickle(body)}};
  for (std::size_t i = 0; i < storages.size(); ++i) {
    entries.push_back({.name = "x/data/" + std::to_string(i), .data = storages[i]});
  }
  return raw_zip(entries);
}

struct RawStorage {
  std::string key;
  std::uint64_t count;
  std::string data;
};

inline const std::string& legacy_magic() {
  static const std::string magic = pickle("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19");
  return magic;
}

// The same in the legacy format.
inline std::string legacy_checkpoint(std::string_view body, const std::vector<RawStorage>& storages,
                                     std::string_view little_endian = "\x88") {
  std::string keys = "](";
  std::string data;
  for (const RawStorage& storage : storages) {
    keys += text(storage.key);
    append_little(data, storage.count, 8);
    data += storage.data;
  }
  return legacy_magic() + pickle(integer(1001)) +
         pickle(dict({{"little_endian", std::string(little_endian)}})) + pickle(body) +
         pickle(keys + "e") + data;
}

}  // namespace apatite::weights::torch::raw
