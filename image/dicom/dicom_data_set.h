// The elements of a DICOM file (PS3.5 section 7, PS3.10): where each value lies, nothing decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace apatite::image {

// Group and element: 0x00280010 is (0028,0010).
using DicomTag = std::uint32_t;

// "(0028,0010)".
std::string tag_text(DicomTag tag);

// How the bytes of a data set are to be read.
struct DicomEncoding {
  bool explicit_vr = true;
  bool big_endian = false;
};

struct DicomElement {
  DicomTag tag = 0;
  std::string_view vr;  // two letters; empty where the encoding is implicit
  // Without a sequence delimiter at its end.
  std::span<const std::byte> value;
  // Its length was written as undefined: a sequence, or pixel data in fragments.
  bool undefined_length = false;
};

// The elements of one level, in file order. They point into the bytes that were read, which must
// outlive it.
class DicomDataSet {
 public:
  DicomDataSet() = default;
  // Reads all of `bytes`. Throws Error (kBadFile, `where`) on a length that reaches beyond the
  // bytes, an unknown value representation, an element twice, nesting deeper than 16 sequences.
  DicomDataSet(std::span<const std::byte> bytes, DicomEncoding encoding, std::string_view where);

  [[nodiscard]] const std::vector<DicomElement>& elements() const { return elements_; }
  [[nodiscard]] DicomEncoding encoding() const { return encoding_; }
  // Null if there is none.
  [[nodiscard]] const DicomElement* find(DicomTag tag) const;

  // Text values are cut at backslashes and lose the spaces and NULs that pad them; an element that
  // is missing or empty gives an empty result. A value that is no number of its kind throws Error
  // (kBadFile).
  [[nodiscard]] std::vector<std::string> strings(DicomTag tag) const;
  [[nodiscard]] std::string string(DicomTag tag) const;            // the first of strings()
  [[nodiscard]] std::vector<double> decimals(DicomTag tag) const;  // DS, finite
  [[nodiscard]] std::optional<std::int64_t> integer_text(DicomTag tag) const;  // IS
  [[nodiscard]] std::vector<std::uint16_t> words(DicomTag tag) const;          // US or SS, raw
  [[nodiscard]] std::optional<std::uint16_t> word(DicomTag tag) const;  // exactly one, or none
  // The items of a sequence.
  [[nodiscard]] std::vector<DicomDataSet> items(DicomTag tag) const;

  [[noreturn]] void refuse(std::string_view what, std::string_view remedy = {}) const;

 private:
  std::vector<DicomElement> elements_;
  DicomEncoding encoding_;
  std::string where_;
};

// The parts of a fragmented value: the value of every item, the offset table first.
std::vector<std::span<const std::byte>> dicom_fragments(std::span<const std::byte> value,
                                                        std::string_view where);

// True if the bytes start like a DICOM file: a preamble of 128 bytes and "DICM".
bool is_dicom(std::span<const std::byte> file);

struct DicomFile {
  std::string transfer_syntax;  // its UID
  DicomDataSet data;
};

// Reads the file meta information and the data set. The bytes must outlive the result. Throws Error
// (kBadFile, `where`) as DicomDataSet does, and for a file without them or in a deflated or unknown
// encoding of the data set. Which transfer syntaxes have pixels that can be decoded is another
// question: those in fragments are all explicit little-endian.
DicomFile read_dicom(std::span<const std::byte> file, std::string_view where);

}  // namespace apatite::image
