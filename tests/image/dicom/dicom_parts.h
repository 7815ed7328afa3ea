// DICOM files from their parts, right or wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace apatite::image {

inline std::string little_endian(std::uint64_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFFU);
  return text;
}

// An element with an explicit value representation; the value is padded to an even length.
inline std::string dicom_element(std::uint32_t tag, std::string_view vr, std::string value) {
  if (value.size() % 2 != 0) value += vr == "UI" || vr == "OB" ? '\0' : ' ';
  const bool wide = vr == "OB" || vr == "OW" || vr == "SQ" || vr == "UN";
  return little_endian(tag >> 16U, 2) + little_endian(tag & 0xFFFFU, 2) + std::string(vr) +
         (wide ? std::string(2, '\0') + little_endian(value.size(), 4)
               : little_endian(value.size(), 2)) +
         value;
}
inline std::string dicom_word(std::uint32_t tag, std::uint64_t value) {
  return dicom_element(tag, "US", little_endian(value, 2));
}
inline std::string dicom_item(std::string_view value) {
  return std::string("\xFE\xFF\x00\xE0", 4) + little_endian(value.size(), 4) + std::string(value);
}
inline std::string dicom_sequence(std::uint32_t tag, std::string_view item) {
  return dicom_element(tag, "SQ", dicom_item(item));
}
// Pixel data in fragments: the offset table (empty), then each.
inline std::string dicom_fragments_of(std::initializer_list<std::string> fragments) {
  std::string text = std::string("\xE0\x7F\x10\x00OB\0\0\xFF\xFF\xFF\xFF", 12) + dicom_item("");
  for (const std::string& fragment : fragments) text += dicom_item(fragment);
  return text + std::string("\xFE\xFF\xDD\xE0\0\0\0\0", 8);
}

inline std::string dicom_file(std::string_view transfer_syntax, std::string_view elements) {
  return std::string(128, '\0') + "DICM" +
         dicom_element(0x00020010, "UI", std::string(transfer_syntax)) + std::string(elements);
}

constexpr std::string_view kExplicit = "1.2.840.10008.1.2.1";
constexpr std::string_view kRle = "1.2.840.10008.1.2.5";

// What a header of rows x columns grey pixels has, to be followed by other elements and the pixels.
struct DicomParts {
  std::uint64_t rows = 2;
  std::uint64_t columns = 3;
  std::uint64_t allocated = 16;
  std::uint64_t stored = 12;
  std::uint64_t high_bit = 11;
  std::uint64_t representation = 0;
  std::uint64_t samples = 1;
  std::string photometric = "MONOCHROME2";

  [[nodiscard]] std::string header() const {
    return dicom_word(0x00280002, samples) + dicom_element(0x00280004, "CS", photometric) +
           dicom_word(0x00280010, rows) + dicom_word(0x00280011, columns) +
           dicom_word(0x00280100, allocated) + dicom_word(0x00280101, stored) +
           dicom_word(0x00280102, high_bit) + dicom_word(0x00280103, representation);
  }
};

// Of 12 bits in 16: 2 rows of 3.
inline std::string small_pixels() {
  return dicom_element(0x7FE00010, "OW",
                       std::string("\x00\x00\xFF\x0F\x01\x00\x02\x00\x03\x00\x04\x00", 12));
}

}  // namespace apatite::image
