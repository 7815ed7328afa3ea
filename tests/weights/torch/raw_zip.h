// Zip archives written byte by byte, right or wrong, without the reader under test.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace apatite::weights::torch {

inline void append_little(std::string& bytes, std::uint64_t value, int count) {
  for (int i = 0; i < count; ++i, value >>= 8U) bytes += static_cast<char>(value & 0xFFU);
}

// One entry as torch writes it: stored, zeros in the local header, a descriptor behind the data.
// What is set beyond name and data replaces what would be true.
struct RawEntry {
  std::string name;
  std::string data;
  std::uint16_t flags = 0x0808;
  std::uint16_t method = 0;
  std::optional<std::uint32_t> crc{};
  std::optional<std::uint32_t> size{};  // uncompressed
  std::optional<std::uint32_t> compressed{};
  std::optional<std::uint32_t> offset{};  // in the directory
  std::optional<std::string> local_name{};
  bool in_data = true;  // false: only the directory knows it

  [[nodiscard]] std::uint32_t true_crc() const {
    return static_cast<std::uint32_t>(
        ::crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size())));
  }
};

// Local header, data, descriptor (if flag 3 is set).
inline std::string local_record(const RawEntry& entry) {
  const bool later = (entry.flags & 8U) != 0;
  const std::uint32_t crc = entry.crc.value_or(entry.true_crc());
  const std::uint64_t size = entry.size.value_or(static_cast<std::uint32_t>(entry.data.size()));
  const std::uint64_t compressed =
      entry.compressed.value_or(static_cast<std::uint32_t>(entry.data.size()));
  const std::string name = entry.local_name.value_or(entry.name);
  std::string bytes = "PK\x03\x04";
  append_little(bytes, 0, 2);
  append_little(bytes, entry.flags, 2);
  append_little(bytes, entry.method, 2);
  append_little(bytes, 0, 4);
  append_little(bytes, later ? 0 : crc, 4);
  append_little(bytes, later ? 0 : compressed, 4);
  append_little(bytes, later ? 0 : size, 4);
  append_little(bytes, name.size(), 2);
  append_little(bytes, 0, 2);
  bytes += name + entry.data;
  if (later) {
    bytes += "PK\x07\x08";
    append_little(bytes, crc, 4);
    append_little(bytes, compressed, 4);
    append_little(bytes, size, 4);
  }
  return bytes;
}

inline std::string raw_zip(const std::vector<RawEntry>& entries) {
  std::string bytes;
  std::string directory;
  for (const RawEntry& entry : entries) {
    directory += "PK\x01\x02";
    append_little(directory, 0, 4);
    append_little(directory, entry.flags, 2);
    append_little(directory, entry.method, 2);
    append_little(directory, 0, 4);
    append_little(directory, entry.crc.value_or(entry.true_crc()), 4);
    append_little(directory, entry.compressed.value_or(entry.data.size()), 4);
    append_little(directory, entry.size.value_or(entry.data.size()), 4);
    append_little(directory, entry.name.size(), 2);
    append_little(directory, 0, 12);
    append_little(directory, entry.offset.value_or(bytes.size()), 4);
    directory += entry.name;
    if (entry.in_data) bytes += local_record(entry);
  }
  const std::size_t start = bytes.size();
  bytes += directory + "PK\x05\x06";
  append_little(bytes, 0, 4);
  append_little(bytes, entries.size(), 2);
  append_little(bytes, entries.size(), 2);
  append_little(bytes, directory.size(), 4);
  append_little(bytes, start, 4);
  append_little(bytes, 0, 2);
  return bytes;
}

}  // namespace apatite::weights::torch
