// Numbers for the distinct texts of a column: 0, 1, 2, ... in the order of their first appearance.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace apatite::eval {

// Keeps no copy of the texts, only where each lies in the text of the file: 8 bytes and, until
// forget_lookup(), 14 to 24 bytes for finding it per distinct one, so that ten million names fit in
// a fraction of a GiB. A text is looked at again only where 64 bits of a hash are equal, so that
// pages of the file that were given back stay away. All texts are raw CSV fields
// (CsvReader::next_raw).
class TextIds {
 public:
  TextIds() = default;
  // Every added text lies in `base`, which must outlive the object.
  explicit TextIds(std::string_view base) : base_(base) {}

  struct Added {
    std::int32_t id;
    bool is_new;
  };
  Added add(std::string_view raw);

  // -1 if it was never added. `raw` may lie anywhere.
  [[nodiscard]] std::int32_t find(std::string_view raw) const;

  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
  [[nodiscard]] std::string_view raw(std::int32_t id) const;
  // The value, quotes undoubled.
  [[nodiscard]] std::string name(std::int32_t id) const;

  // For as many distinct texts as are expected.
  void reserve(std::size_t count);
  // Frees what add() and find() need.
  void forget_lookup();

 private:
  // The slot that holds `raw`, or the empty one where it belongs.
  [[nodiscard]] std::size_t slot_of(std::string_view raw, std::uint64_t hash) const;
  void rehash(std::size_t slots);

  std::string_view base_;
  // Offset * 2^23 + length.
  std::vector<std::uint64_t> places_;
  std::vector<std::uint32_t> low_hashes_;
  // Open addressing with linear probing: high half of the hash * 2^32 + id + 1; 0 is empty. The
  // number of slots is a power of two, at most four fifths of them are taken.
  std::vector<std::uint64_t> slots_;
};

}  // namespace apatite::eval
