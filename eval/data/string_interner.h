// Numbers for the distinct texts of a column: 0, 1, 2, ... in the order of their first appearance.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace apatite::eval {

// The texts are not copied: only the place of each in the text of the file is kept. A distinct text
// needs 8 bytes and, until forget_lookup(), 14 to 24 bytes more to be found again, so that ten
// million names fit in a fraction of a GiB. A text is read again only if 64 bits of a hash are
// equal, so that released pages of the file need not be loaded again. All texts are raw CSV fields
// (CsvReader::next_raw).
class StringInterner {
 public:
  StringInterner() = default;
  // Every added text lies in `base`, which must outlive the object.
  explicit StringInterner(std::string_view base) : base_(base) {}

  struct Added {
    std::int32_t id;
    bool is_new;
  };
  Added add(std::string_view raw);

  // The number of `raw`, which may lie outside the base; -1 if it was never added.
  [[nodiscard]] std::int32_t find(std::string_view raw) const;

  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
  [[nodiscard]] std::string_view raw(std::int32_t id) const;
  // The value of the CSV field: without enclosing quotes, and with doubled quotes as single ones.
  [[nodiscard]] std::string name(std::int32_t id) const;

  // Makes room for as many distinct texts as are expected.
  void reserve(std::size_t count);
  // Frees the memory that add() and find() need; neither may be called afterwards.
  void forget_lookup();

 private:
  // The slot that holds `raw`, or the empty slot where it belongs.
  [[nodiscard]] std::size_t slot_of(std::string_view raw, std::uint64_t hash) const;
  void rehash(std::size_t slots);

  std::string_view base_;
  // Offset * 2^23 + length.
  std::vector<std::uint64_t> places_;
  std::vector<std::uint32_t> low_hashes_;
  // A hash table with open addressing and linear probing. A slot holds the high half of the hash *
  // 2^32
  // + id + 1; an empty slot holds 0. The number of slots is a power of two, of which at most four
  // fifths are used.
  std::vector<std::uint64_t> slots_;
};

}  // namespace apatite::eval
