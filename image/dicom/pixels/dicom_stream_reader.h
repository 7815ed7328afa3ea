// What the checks of compressed streams (image/dicom/pixels/dicom_stream.h) share. Internal to
// image/.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "image/dicom/dicom_header.h"

namespace apatite::image {

// Reads big-endian integers of one stream and refuses with its name.
class StreamReader {
 public:
  StreamReader(std::span<const std::byte> bytes, std::string_view name, std::string_view where)
      : bytes_(bytes), name_(name), where_(where) {}

  [[nodiscard]] std::size_t position() const { return at_; }
  [[nodiscard]] std::size_t left() const { return bytes_.size() - at_; }
  [[nodiscard]] std::uint8_t peek(std::size_t offset) const {
    return std::to_integer<std::uint8_t>(bytes_[at_ + offset]);
  }
  [[nodiscard]] std::span<const std::byte> rest() const { return bytes_.subspan(at_); }
  void skip(std::size_t size) {
    if (size > left()) cut();
    at_ += size;
  }
  template <class T>
  T take() {
    if (sizeof(T) > left()) cut();
    const T value = load_big<T>(bytes_.data() + at_);
    at_ += sizeof(T);
    return value;
  }
  // The content of a marker segment: a length of 16 bits that counts itself, then the rest.
  StreamReader segment() {
    const std::size_t length = take<std::uint16_t>();
    if (length < 2) refuse("has a segment of impossible length");
    return part(length - 2);
  }
  // The next `size` bytes.
  StreamReader part(std::size_t size) {
    const std::size_t begin = at_;
    skip(size);
    return {bytes_.subspan(begin, size), name_, where_};
  }
  // Nothing but padding may follow: zeros, or one byte of any value that makes the length even.
  void finish() const {
    const auto padding = rest();
    if (padding.size() == 1 && bytes_.size() % 2 == 0) return;
    if (std::any_of(padding.begin(), padding.end(),
                    [](std::byte b) { return b != std::byte{0}; })) {
      refuse("is followed by " + with_thousands(static_cast<std::int64_t>(padding.size())) +
             " bytes that are no padding");
    }
  }

  [[noreturn]] void cut() const { refuse("is cut short"); }
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ErrorKind::kBadFile, where_, "its " + name_ + " stream " + what,
                "it is damaged, or its transfer syntax is not the one that it states");
  }

 private:
  std::span<const std::byte> bytes_;
  std::string name_;
  std::string where_;
  std::size_t at_ = 0;
};

// Refuses a stream whose size, number of components or depth are not those of the header.
void check_stream_size(const StreamReader& reader, const DicomHeader& header, std::int64_t height,
                       std::int64_t width, int components);
void check_stream_precision(const StreamReader& reader, const DicomHeader& header, int precision);

}  // namespace apatite::image
