// A strict reader of the zip archives that torch.save writes: stored entries, zip64 or not.
//
// What torch (miniz) writes, and what is read here: local headers with zeros for sizes and CRC and
// a data descriptor behind the data; extra field "FB" that pads the data to 64 bytes; a central
// directory; always a zip64 end record and locator; an end record without comment as the last 22
// bytes of the file. Archives that zip tools re-packed without compression are read too.
// Source: PKWARE APPNOTE 6.3.10.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace apatite::weights::torch {

struct ZipEntry {
  std::string_view name;            // in the archive's bytes
  std::span<const std::byte> data;  // in the archive's bytes; trust it only after read()
  std::uint32_t crc32 = 0;
};

// Views of an archive in memory, which must outlive the reader.
class ZipReader {
 public:
  // Checks every entry before any data is used: the central directory and the local header agree,
  // the data lies inside the file, no two entries overlap, no name is there twice, nothing is
  // compressed or encrypted. Throws Error (kBadFile); `where` is the file's name for messages.
  ZipReader(std::span<const std::byte> file, std::string_view where);

  [[nodiscard]] std::span<const ZipEntry> entries() const noexcept { return entries_; }
  [[nodiscard]] const ZipEntry* find(std::string_view name) const;

  // The entry's bytes after a check of their CRC-32. Throws Error (kBadFile).
  [[nodiscard]] std::span<const std::byte> read(const ZipEntry& entry) const;

  // True if the file begins like a zip archive.
  static bool is_zip(std::span<const std::byte> file);

 private:
  std::string where_;
  std::vector<ZipEntry> entries_;
  std::unordered_map<std::string_view, std::size_t> by_name_;
};

}  // namespace apatite::weights::torch
