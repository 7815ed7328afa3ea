#include "image/dicom/dicom_data_set.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"

namespace apatite::image {
namespace {

constexpr std::size_t kPreamble = 128;
constexpr std::uint32_t kUndefined = 0xFFFFFFFF;
constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxElements = std::size_t{1} << 16;  // on one level; real files: hundreds
constexpr DicomTag kItem = 0xFFFEE000;
constexpr DicomTag kItemEnd = 0xFFFEE00D;
constexpr DicomTag kSequenceEnd = 0xFFFEE0DD;
constexpr DicomTag kTransferSyntax = 0x00020010;

// Value representations with a length of 16 bits, and those with two reserved bytes and 32 bits.
constexpr std::array<std::string_view, 21> kShortVrs{"AE", "AS", "AT", "CS", "DA", "DS", "DT",
                                                     "FD", "FL", "IS", "LO", "LT", "PN", "SH",
                                                     "SL", "SS", "ST", "TM", "UI", "UL", "US"};
constexpr std::array<std::string_view, 13> kLongVrs{"OB", "OD", "OF", "OL", "OV", "OW", "SQ",
                                                    "SV", "UC", "UN", "UR", "UT", "UV"};

bool is_one_of(std::string_view vr, std::span<const std::string_view> list) {
  return std::find(list.begin(), list.end(), vr) != list.end();
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kPadding(" \0", 2);
  const std::size_t first = text.find_first_not_of(kPadding);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kPadding) - first + 1);
}

// Walks through the elements of one level, and through nested ones only to find their end.
class Walker {
 public:
  Walker(std::span<const std::byte> bytes, DicomEncoding encoding, std::string_view where)
      : bytes_(bytes), encoding_(encoding), where_(where) {}

  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }
  [[nodiscard]] std::size_t position() const { return at_; }

  DicomElement next(int depth) {
    DicomElement element;
    element.tag = take_tag();
    const std::uint32_t length = take_length(element);
    if (length == kUndefined) {
      element.undefined_length = true;
      const std::size_t begin = at_;
      // Of unknown representation is implicit little-endian within (PS3.5 6.2.2, note 2).
      Walker inside(bytes_, element.vr == "UN" ? DicomEncoding{false, false} : encoding_, where_);
      inside.at_ = at_;
      const std::size_t end = inside.skip_items(depth + 1);
      at_ = inside.at_;
      element.value = bytes_.subspan(begin, end - begin);
    } else {
      element.value = take(length, element.tag);
    }
    return element;
  }

  // The value of the next item of a sequence; empty at its end.
  std::optional<std::span<const std::byte>> next_item(int depth) {
    if (at_end()) return std::nullopt;
    const DicomTag tag = take_tag();
    const std::uint32_t length = take_word32();
    if (tag == kSequenceEnd && length == 0) return std::nullopt;
    if (tag != kItem) refuse("has " + tag_text(tag) + " where an item of a sequence should begin");
    if (length != kUndefined) return take(length, tag);
    const std::size_t begin = at_;
    for (;;) {
      const std::size_t end = at_;
      if (peek_tag() == kItemEnd) {
        at_ += 4;
        if (take_word32() != 0) refuse("has an item end with a length");
        return bytes_.subspan(begin, end - begin);
      }
      next(depth);
    }
  }

  // Behind the sequence's delimiter; returns where that begins.
  std::size_t skip_items(int depth) {
    if (depth > kMaxDepth) {
      refuse("nests sequences deeper than " + to_text(std::int64_t{kMaxDepth}));
    }
    for (;;) {
      const std::size_t begin = at_;
      if (at_end()) refuse("ends within a sequence of undefined length");
      if (!next_item(depth)) return begin;
    }
  }

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorKind::kBadFile, where_,
                what + " (byte " + to_text(static_cast<std::int64_t>(at_)) + " of its data set)",
                "it is cut, damaged or not encoded as it says");
  }

 private:
  std::span<const std::byte> take(std::size_t size, DicomTag tag) {
    if (size > bytes_.size() - at_) {
      refuse("ends within " + tag_text(tag) + ", whose length is " +
             with_thousands(static_cast<std::int64_t>(size)));
    }
    const auto part = bytes_.subspan(at_, size);
    at_ += size;
    return part;
  }
  std::span<const std::byte> take_head(std::size_t size) {
    if (size > bytes_.size() - at_) refuse("ends within the head of an element");
    const auto part = bytes_.subspan(at_, size);
    at_ += size;
    return part;
  }
  template <class T>
  [[nodiscard]] T load(std::span<const std::byte> part) const {
    return encoding_.big_endian ? load_big<T>(part.data()) : load_little<T>(part.data());
  }
  std::uint16_t take_word16() { return load<std::uint16_t>(take_head(2)); }
  std::uint32_t take_word32() { return load<std::uint32_t>(take_head(4)); }
  DicomTag take_tag() {
    const DicomTag group = take_word16();
    return group << 16U | take_word16();
  }
  DicomTag peek_tag() {
    const std::size_t before = at_;
    const DicomTag tag = take_tag();
    at_ = before;
    return tag;
  }

  std::uint32_t take_length(DicomElement& element) {
    if (element.tag >> 16U == kItem >> 16U) {
      refuse("has " + tag_text(element.tag) + " outside a sequence");
    }
    if (!encoding_.explicit_vr) return take_word32();
    element.vr = as_text(take_head(2));
    if (is_one_of(element.vr, kShortVrs)) return take_word16();
    if (!is_one_of(element.vr, kLongVrs)) {
      refuse("has the unknown value representation " + quote(element.vr) + " in " +
             tag_text(element.tag));
    }
    take_head(2);
    return take_word32();
  }

  std::span<const std::byte> bytes_;
  DicomEncoding encoding_;
  std::string where_;
  std::size_t at_ = 0;
};

// (0002,xxxx): always explicit, little-endian; ends where the group does.
std::size_t meta_size(std::span<const std::byte> bytes, std::string_view where) {
  Walker walker(bytes, {true, false}, where);
  while (!walker.at_end()) {
    const std::size_t before = walker.position();
    if (bytes.size() - before >= 2 && load_little<std::uint16_t>(bytes.data() + before) != 2) {
      return before;
    }
    walker.next(0);
  }
  return walker.position();
}

DicomEncoding encoding_of(const std::string& transfer_syntax, std::string_view where) {
  if (transfer_syntax == "1.2.840.10008.1.2") return {false, false};
  if (transfer_syntax == "1.2.840.10008.1.2.2") return {true, true};
  if (transfer_syntax == "1.2.840.10008.1.2.1.99") {
    throw Error(ErrorKind::kBadFile, where, "is deflated as a whole, which is not read",
                "store it in another transfer syntax");
  }
  return {true, false};
}

}  // namespace

std::string tag_text(DicomTag tag) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text = "(";
  for (int shift = 28; shift >= 0; shift -= 4) {
    text += kDigits[tag >> static_cast<unsigned>(shift) & 0xFU];
    if (shift == 16) text += ',';
  }
  return text + ")";
}

DicomDataSet::DicomDataSet(std::span<const std::byte> bytes, DicomEncoding encoding,
                           std::string_view where)
    : encoding_(encoding), where_(where) {
  Walker walker(bytes, encoding, where);
  while (!walker.at_end()) {
    if (elements_.size() == kMaxElements) walker.refuse("has more than 65,536 elements");
    elements_.push_back(walker.next(0));
  }
  std::vector<DicomTag> tags;
  tags.reserve(elements_.size());
  for (const DicomElement& element : elements_) tags.push_back(element.tag);
  std::sort(tags.begin(), tags.end());
  if (const auto twice = std::adjacent_find(tags.begin(), tags.end()); twice != tags.end()) {
    refuse("has " + tag_text(*twice) + " twice", "two readers could take different ones");
  }
}

const DicomElement* DicomDataSet::find(DicomTag tag) const {
  const auto at = std::find_if(elements_.begin(), elements_.end(),
                               [&](const DicomElement& element) { return element.tag == tag; });
  return at == elements_.end() ? nullptr : &*at;
}

std::vector<std::string> DicomDataSet::strings(DicomTag tag) const {
  const DicomElement* element = find(tag);
  if (element == nullptr || trimmed(as_text(element->value)).empty()) return {};
  std::vector<std::string> parts;
  std::string_view rest = as_text(element->value);
  for (;;) {
    const std::size_t end = rest.find('\\');
    parts.emplace_back(trimmed(rest.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    rest.remove_prefix(end + 1);
  }
}

std::string DicomDataSet::string(DicomTag tag) const {
  const auto parts = strings(tag);
  return parts.empty() ? std::string() : parts[0];
}

std::vector<double> DicomDataSet::decimals(DicomTag tag) const {
  std::vector<double> values;
  for (const std::string& part : strings(tag)) {
    // std::from_chars takes no plus sign, which a decimal string may have.
    const std::string_view text = std::string_view(part).substr(part.starts_with('+') ? 1 : 0);
    double& value = values.emplace_back();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
      refuse("has " + quote(part, 40) + " in " + tag_text(tag) + ", which is no decimal number");
    }
  }
  return values;
}

std::optional<std::int64_t> DicomDataSet::integer_text(DicomTag tag) const {
  const auto parts = strings(tag);
  if (parts.empty()) return std::nullopt;
  const std::string_view text =
      std::string_view(parts[0]).substr(parts[0].starts_with('+') ? 1 : 0);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || parts.size() != 1) {
    refuse("has " + quote(parts[0], 40) + " in " + tag_text(tag) + ", which is no integer");
  }
  return value;
}

std::vector<std::uint16_t> DicomDataSet::words(DicomTag tag) const {
  const DicomElement* element = find(tag);
  if (element == nullptr) return {};
  if (element->value.size() % 2 != 0) refuse("has an odd length in " + tag_text(tag));
  std::vector<std::uint16_t> values;
  for (std::size_t i = 0; i < element->value.size(); i += 2) {
    const std::byte* at = element->value.data() + i;
    values.push_back(encoding_.big_endian ? load_big<std::uint16_t>(at)
                                          : load_little<std::uint16_t>(at));
  }
  return values;
}

std::optional<std::uint16_t> DicomDataSet::word(DicomTag tag) const {
  const auto values = words(tag);
  if (values.empty()) return std::nullopt;
  if (values.size() > 1) refuse("has several values in " + tag_text(tag));
  return values[0];
}

std::vector<DicomDataSet> DicomDataSet::items(DicomTag tag) const {
  const DicomElement* element = find(tag);
  if (element == nullptr) return {};
  const DicomEncoding inside =
      element->vr == "UN" && element->undefined_length ? DicomEncoding{false, false} : encoding_;
  std::vector<DicomDataSet> list;
  Walker walker(element->value, inside, where_);
  while (const auto item = walker.next_item(1)) list.emplace_back(*item, inside, where_);
  return list;
}

void DicomDataSet::refuse(std::string_view what, std::string_view remedy) const {
  throw Error(ErrorKind::kBadFile, where_, what, remedy);
}

std::vector<std::span<const std::byte>> dicom_fragments(std::span<const std::byte> value,
                                                        std::string_view where) {
  std::vector<std::span<const std::byte>> list;
  Walker walker(value, {true, false}, where);
  while (!walker.at_end()) {
    const auto item = walker.next_item(kMaxDepth);
    if (!item) walker.refuse("has its pixel data end twice");
    list.push_back(*item);
  }
  return list;
}

bool is_dicom(std::span<const std::byte> file) {
  return file.size() >= kPreamble + 4 && as_text(file).substr(kPreamble, 4) == "DICM";
}

DicomFile read_dicom(std::span<const std::byte> file, std::string_view where) {
  if (!is_dicom(file)) {
    throw Error(ErrorKind::kBadFile, where, "is no DICOM file (no \"DICM\" at byte 128)");
  }
  const auto content = file.subspan(kPreamble + 4);
  const std::size_t size = meta_size(content, where);
  const DicomDataSet meta(content.first(size), {true, false}, where);
  DicomFile result;
  result.transfer_syntax = meta.string(kTransferSyntax);
  if (result.transfer_syntax.empty()) {
    throw Error(ErrorKind::kBadFile, where, "does not say its transfer syntax (0002,0010)");
  }
  result.data =
      DicomDataSet(content.subspan(size), encoding_of(result.transfer_syntax, where), where);
  return result;
}

}  // namespace apatite::image
