// Safetensors files written byte by byte, right or wrong, without the writer under test.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace apatite::weights {

// The 8 bytes of `length`, then `header`, then `data`.
inline std::string raw_safetensors(std::uint64_t length, std::string_view header,
                                   std::string_view data) {
  std::string file(sizeof(length), '\0');
  std::memcpy(file.data(), &length, sizeof(length));
  file += header;
  file += data;
  return file;
}

inline std::string raw_safetensors(std::string_view header, std::string_view data) {
  return raw_safetensors(header.size(), header, data);
}

// {"NAME":{"dtype":DTYPE,"shape":SHAPE,"data_offsets":OFFSETS}} with the JSON texts given.
inline std::string one_entry(std::string_view dtype, std::string_view shape,
                             std::string_view offsets) {
  std::string text = R"({"a":{"dtype":)";
  text.append(dtype).append(",\"shape\":").append(shape);
  return text.append(",\"data_offsets\":").append(offsets).append("}}");
}

template <class T>
std::string little_endian(std::initializer_list<T> values) {
  std::string bytes;
  for (const T value : values) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    bytes.append(raw, sizeof(T));
  }
  return bytes;
}

inline std::span<const std::byte> as_bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// The tensors' bytes as they must be read from `file`, all of them F32: the data as it lies there,
// with -0 as +0. A decoder that shares nothing with the one under test.
inline std::string honest_data(const std::string& file) {
  std::uint64_t header = 0;
  std::memcpy(&header, file.data(), sizeof(header));
  std::string data = file.substr(8 + header);
  for (std::size_t i = 0; i + 4 <= data.size(); i += 4) {
    if (data.compare(i, 4, std::string("\0\0\0\x80", 4)) == 0) data[i + 3] = '\0';
  }
  return data;
}

}  // namespace apatite::weights
