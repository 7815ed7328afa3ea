// Every refusal of the DICOM reader, and the rule for every reader. No codec runs here: the files
// are uncompressed, RLE, or refused before a codec sees them.
#include <gtest/gtest.h>

#include "base/text.h"
#include "image/dicom/pixels/dicom.h"
#include "image/dicom/pixels/dicom_stream.h"
#include "tests/image/dicom/dicom_goldens.h"
#include "tests/image/dicom/dicom_parts.h"
#include "tests/support/mutations.h"
#include "tests/support/program.h"

namespace apatite::image {
namespace {

DicomOptions options_of(const std::string& json = R"({"voi": "none", "range": "values"})") {
  return dicom_options_from_json(parse_json(json, "options"), "options");
}

std::vector<std::uint16_t> read_values(const std::string& file, const DicomOptions& options) {
  return samples_of<std::uint16_t>(decode_dicom(bytes_of(file), options, "a"));
}

// What the reader says of the file after its name.
std::string refused(const std::string& file, const DicomOptions& options = options_of()) {
  const std::string message =
      refusal(ErrorKind::kBadFile, [&] { return decode_dicom(bytes_of(file), options, "a"); });
  EXPECT_TRUE(message.starts_with("a: ")) << message;
  return message.substr(std::min<std::size_t>(3, message.size()));
}

void expect_refused(const std::string& file, const std::string& part,
                    const std::string& json = R"({"voi": "none", "range": "values"})") {
  const std::string message = refused(file, options_of(json));
  EXPECT_NE(message.find(part), std::string::npos) << message << "\nand not: " << part;
}

std::string grey(const DicomParts& parts, const std::string& more = "") {
  return dicom_file(kExplicit, parts.header() + more + small_pixels());
}

TEST(DicomStrict, ReadsASmallFile) {
  EXPECT_EQ(read_values(grey({}), options_of()), (std::vector<std::uint16_t>{0, 4095, 1, 2, 3, 4}));
}

TEST(DicomStrict, RefusesPixelDataOfAnotherLength) {
  const std::string header = DicomParts().header();
  const auto with = [&](std::size_t size) {
    return dicom_file(kExplicit, header + dicom_element(0x7FE00010, "OW", std::string(size, 1)));
  };
  EXPECT_EQ(read_values(with(12), options_of()).size(), 6U);
  EXPECT_EQ(refused(with(10)), "has 10 bytes of pixels where its header says 12; it is cut short");
  EXPECT_EQ(refused(with(14)),
            "has 14 bytes of pixels where its header says 12; the header or the "
            "pixels are damaged");
  // One byte short and one byte long: an odd length of the element itself.
  for (const std::size_t size : {11U, 13U}) {
    const std::string odd = dicom_file(kExplicit, header) +
                            std::string("\xE0\x7F\x10\x00OW\0\0", 8) + little_endian(size, 4) +
                            std::string(size, 1);
    expect_refused(odd,
                   "has " + std::to_string(size) + " bytes of pixels where its header says 12");
  }
  // The file is one byte shorter than the element says.
  const std::string file = with(12);
  expect_refused(file.substr(0, file.size() - 1), "ends within (7FE0,0010), whose length is 12");
  // An odd number of 8-bit pixels is padded to an even one.
  const DicomParts bytes{.rows = 1, .allocated = 8, .stored = 8, .high_bit = 7};
  EXPECT_EQ(read_values(dicom_file(kExplicit, bytes.header() +
                                                  dicom_element(0x7FE00010, "OB", "\x01\x02\x03")),
                        options_of()),
            (std::vector<std::uint16_t>{1, 2, 3}));
}

TEST(DicomStrict, RefusesHeadersThatContradictThemselves) {
  expect_refused(grey({.rows = 0}), "has the impossible size 3x0 pixels");
  expect_refused(grey({.allocated = 12}), "has 12 bits allocated; 8 and 16 are read");
  expect_refused(grey({.stored = 17}), "has 17 bits stored up to bit 11 of 16");
  expect_refused(grey({.high_bit = 16}), "has 12 bits stored up to bit 16 of 16");
  expect_refused(grey({.high_bit = 10}), "has 12 bits stored up to bit 10 of 16");
  expect_refused(grey({.representation = 2}), "has the unknown pixel representation 2");
  expect_refused(grey({.samples = 3}), "has 3 samples per pixel and is MONOCHROME2");
  expect_refused(grey({.photometric = "PALETTE COLOR"}),
                 "has the photometric interpretation "
                 "\"PALETTE COLOR\"");
  expect_refused(grey({}, dicom_element(0x00280008, "IS", "2")),
                 "has 2 frames; name one in the recipe: \"dicom\": {\"frame\": 1}");
  expect_refused(grey({}), "has 1 frames where the recipe names frame 2", R"({"frame": 2})");
  expect_refused(grey({}, dicom_element(0x00281053, "DS", "2")),
                 "has only one of Rescale Intercept and Rescale Slope");
  expect_refused(
      grey({}, dicom_element(0x00281052, "DS", "0") + dicom_element(0x00281053, "DS", "0")),
      "has the Rescale Slope 0");
  expect_refused(
      grey({}, dicom_element(0x00281052, "DS", "x") + dicom_element(0x00281053, "DS", "1")),
      "has \"x\" in (0028,1052), which is no decimal number");
  expect_refused(
      grey({}, dicom_element(0x00281050, "DS", "1\\2") + dicom_element(0x00281051, "DS", "1")),
      "has 2 window centers and 1 widths");
  expect_refused(
      grey({}, dicom_element(0x00281050, "DS", "1") + dicom_element(0x00281051, "DS", "9") +
                   dicom_element(0x00281056, "CS", "CUBIC")),
      "has the unknown VOI LUT function \"CUBIC\"");
  expect_refused(grey({}, dicom_element(0x20500020, "CS", "INVERSE")),
                 "is MONOCHROME2 with the Presentation LUT Shape INVERSE, which contradict each "
                 "other");
  expect_refused(dicom_file(kExplicit, DicomParts().header()), "has no pixels (7FE0,0010)");
  expect_refused(dicom_file(kExplicit, small_pixels()), "has no Rows (0028,0010)");
  expect_refused(grey({}, dicom_word(0x00280010, 2)), "has (0028,0010) twice");
}

TEST(DicomStrict, RefusesWhatTheRecipeAsksForAndTheFileDoesNotHave) {
  expect_refused(grey({}), "has neither a window nor a VOI LUT; choose \"voi\": \"none\"", "{}");
  const std::string windows = dicom_element(0x00281050, "DS", "10\\20\\0") +
                              dicom_element(0x00281051, "DS", "5\\5\\0.5") +
                              dicom_element(0x00281055, "LO", "A\\A\\C");
  expect_refused(grey({}, windows),
                 "has 3 windows (\"A\", \"A\", \"C\") where the recipe names number 4",
                 R"({"voi": {"window": 4}})");
  expect_refused(grey({}, windows),
                 "has 3 windows (\"A\", \"A\", \"C\"), several of which are \"A\"",
                 R"({"voi": {"window": "A"}})");
  expect_refused(grey({}, windows), "none of which is \"B\"", R"({"voi": {"window": "B"}})");
  expect_refused(grey({}, windows), "has a window of the impossible width 0.5 for LINEAR",
                 R"({"voi": {"window": "C"}})");
  expect_refused(grey({}, windows), "has 0 VOI LUTs where the recipe names number 1",
                 R"({"voi": {"lut": 1}})");
  expect_refused(grey({}), "has values from 0 to 4095, which do not fit the output of 8 bits",
                 R"({"voi": "none", "range": "values", "output": 8})");
  const std::string flat = dicom_file(
      kExplicit, DicomParts().header() + dicom_element(0x7FE00010, "OW", std::string(12, 7)));
  expect_refused(flat, "has the same value everywhere, which gives no range",
                 R"({"voi": "none", "range": "data"})");
}

TEST(DicomStrict, RefusesATransferSyntaxThatIsALie) {
  const std::string header = DicomParts().header();
  for (const char* syntax : {"1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.70",
                             "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"}) {
    SCOPED_TRACE(syntax);
    expect_refused(dicom_file(syntax, header + small_pixels()), "its pixels are not in fragments");
    expect_refused(dicom_file(syntax, header + dicom_fragments_of({std::string(80, '\x07')})),
                   "its transfer syntax is not the one that it states");
  }
  expect_refused(dicom_file(kExplicit, header + dicom_fragments_of({"1234"})),
                 "says that it is not compressed, but its pixels are in fragments");
  expect_refused(dicom_file("1.2.840.10008.1.2.4.100", header + small_pixels()),
                 "has the transfer syntax \"1.2.840.10008.1.2.4.100\", which is not read");
  expect_refused(dicom_file("1.2.840.10008.1.2.1.99", header + small_pixels()),
                 "is deflated as a whole");
  // Explicit elements read as implicit ones: lengths that are none.
  expect_refused(dicom_file("1.2.840.10008.1.2", header + small_pixels()), "ends within");

  // Files of one codec with the transfer syntax of another one.
  const auto lie = [](const std::string& name, std::string from, std::string to) {
    std::string file = read_text(golden_folder() / name);
    const std::size_t at = file.find(from);
    EXPECT_NE(at, std::string::npos);
    to.resize(from.size(), '\0');
    return file.replace(at, from.size(), to);
  };
  const std::string jpeg = "1.2.840.10008.1.2.4.";
  expect_refused(lie("jpeg70_12u.dcm", jpeg + "70", jpeg + "80"),
                 "is of another process than "
                 "JPEG-LS Lossless");
  expect_refused(lie("jpegls_12u.dcm", jpeg + "80", jpeg + "70"),
                 "is of another process than JPEG Lossless, first-order prediction");
  expect_refused(lie("jpeg57p6_12u.dcm", jpeg + "57", jpeg + "70"),
                 "uses predictor 6 where the transfer syntax says 1");
  expect_refused(lie("j2k_12u.dcm", jpeg + "90", jpeg + "70"), "does not start as one");
  expect_refused(lie("rle_12u.dcm", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.1"),
                 "says that it is not compressed");
}

std::string rle(const std::string& segments, std::uint64_t second) {
  return little_endian(2, 4) + little_endian(64, 4) + little_endian(second, 4) +
         std::string(52, '\0') + segments;
}

TEST(DicomStrict, ReadsRleExactly) {
  const std::string header = DicomParts().header();
  const auto file = [&](const std::string& stream) {
    return dicom_file(kRle, header + dicom_fragments_of({stream}));
  };
  // High bytes: six times 1; low bytes: 1 2 3 as they are, three times 9.
  const std::string high = "\xFB\x01";
  const std::string low = "\x02\x01\x02\x03\xFE\x09";
  EXPECT_EQ(read_values(file(rle(high + low, 66)), options_of()),
            (std::vector<std::uint16_t>{257, 258, 259, 265, 265, 265}));
  expect_refused(file(rle(high + low.substr(0, 4), 66)), "is cut short");
  expect_refused(file(rle(high + low + low, 66)), "bytes in a segment beyond those of the frame");
  expect_refused(file(rle(high + "\xF9\x02", 66)), "has more bytes in a segment than the frame");
  expect_refused(file(rle(high + low, 1000)), "has segments that do not follow each other");
  expect_refused(file(rle(high + low, 10)), "has segments that do not follow each other");
  expect_refused(file(std::string(10, '\0')), "is cut short");
}

// Every strict prefix of a golden's pixel data is refused before a codec sees it, wherever it is
// cut.
TEST(DicomStrict, RefusesCutStreams) {
  for (const char* name : {"jpeg70_12u.dcm", "jpegls_12u.dcm", "j2k_8u.dcm", "jpeg50_8u.dcm"}) {
    SCOPED_TRACE(name);
    const std::string file = read_text(golden_folder() / name);
    const DicomFile dicom = read_dicom(bytes_of(file), name);
    const DicomHeader header = read_dicom_header(dicom, std::nullopt, name);
    const auto fragments = dicom_fragments(dicom.data.find(0x7FE00010)->value, name);
    ASSERT_EQ(fragments.size(), 2U);
    const auto check = [&](std::span<const std::byte> stream) {
      return header.syntax->codec == DicomCodec::kJpeg2000
                 ? check_jpeg2000_stream(stream, header, name)
                 : check_jpeg_stream(stream, header, name);
    };
    const StreamInfo info = check(fragments[1]);
    ASSERT_GE(info.size, 100U);
    for (std::size_t size = 0; size < info.size; ++size) {
      EXPECT_THROW(check(fragments[1].first(size)), Error) << size;
    }
  }
}

std::string sample_text(const std::string& file) {
  const Image image = decode_dicom(bytes_of(file), options_of("{}"), "a.dcm");
  return describe(image) + hash_of(image);
}

TEST(DicomStrict, ReadsOrRefusesAnyMutation) {
  const std::string header =
      DicomParts().header() + dicom_element(0x00281050, "DS", "40\\50") +
      dicom_element(0x00281051, "DS", "400\\10") + dicom_element(0x00281055, "LO", "A\\B") +
      dicom_sequence(0x00283010, dicom_element(0x00283002, "US",
                                               little_endian(4, 2) + little_endian(1, 2) +
                                                   little_endian(12, 2)) +
                                     dicom_element(0x00283006, "OW", std::string(8, '\x01')));
  const std::string native = dicom_file(kExplicit, header + small_pixels());
  const std::string packed =
      dicom_file(kRle, header + dicom_fragments_of({rle("\xFB\x01\x02\x01\x02\x03\xFE\x09", 66)}));
  for (const std::string& file : {native, packed}) {
    std::size_t prefixes = 0;
    for_each_mutation(file, sample_text,
                      [&](const std::string& verdict, std::size_t position, bool prefix) {
                        if (!prefix) return;
                        ++prefixes;
                        // Without the last delimiter nothing is lost but its promise.
                        EXPECT_TRUE(verdict.starts_with("refused: ")) << position;
                      });
    EXPECT_EQ(prefixes, file.size());
  }
}

}  // namespace
}  // namespace apatite::image
