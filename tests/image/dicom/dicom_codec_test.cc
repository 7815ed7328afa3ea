// Streams that are whole but not what the DICOM header says of them, and damaged ones.
#include <gtest/gtest.h>
#include <malloc.h>

#include "base/bytes.h"
#include "image/decoder/decoder_pool.h"
#include "image/dicom/pixels/dicom_stream.h"
#include "image/dicom/pixels/gdcm_codec.h"
#include "tests/image/dicom/dicom_goldens.h"
#include "tests/image/dicom/dicom_parts.h"
#include "tests/support/program.h"

namespace apatite::image {
namespace {

std::string golden_file(const std::string& name) { return read_text(golden_folder() / name); }

// The file with another value of an element that it has once, with a short length.
std::string with(std::string file, std::uint32_t tag, std::string_view vr,
                 const std::string& value) {
  const std::string element = dicom_element(tag, vr, value);
  const std::size_t at = file.find(element.substr(0, 6));
  EXPECT_NE(at, std::string::npos);
  const auto length = load_little<std::uint16_t>(bytes_of(file).data() + at + 6);
  return file.replace(at, 8U + length, element);
}
std::string with_photometric(const std::string& name, const std::string& value) {
  return with(golden_file(name), 0x00280004, "CS", value);
}
std::string with_word(const std::string& file, std::uint32_t tag, std::uint64_t value) {
  return with(file, tag, "US", little_endian(value, 2));
}
constexpr std::uint32_t kRows = 0x00280010;
constexpr std::uint32_t kColumns = 0x00280011;
constexpr std::uint32_t kBitsStored = 0x00280101;
constexpr std::uint32_t kHighBit = 0x00280102;
constexpr std::uint32_t kRepresentation = 0x00280103;

// In this process: only for files that no codec should see, or that it decodes.
void expect_verdict(const std::string& file, const std::string& part) {
  const Json options = {{"voi", "none"}, {"range", "values"}, {"output", 32}};
  const std::string message = refusal(ErrorKind::kBadFile, [&] {
    return decode_dicom(bytes_of(file), dicom_options_from_json(options, "options"), "a");
  });
  EXPECT_NE(message.find(part), std::string::npos) << message << "\nand not: " << part;
}

TEST(DicomCodec, RefusesColoursOfJpegThatContradictTheHeader) {
  for (const char* name : {"jpeg50_422.dcm", "jpeg50_444.dcm", "jpeg50_420.dcm"}) {
    SCOPED_TRACE(name);
    expect_verdict(with_photometric(name, "RGB"),
                   "its JPEG stream has YCbCr colours, the header says RGB");
  }
  for (const char* name : {"jpeg50_rgb.dcm", "jpeg50_named_rgb.dcm"}) {
    SCOPED_TRACE(name);
    expect_verdict(with_photometric(name, "YBR_FULL"),
                   "its JPEG stream has RGB colours, the header says YBR_FULL");
  }
  expect_verdict(with_photometric("jpeg50_422.dcm", "YBR_RCT"), "that is defined for JPEG 2000");
}

TEST(DicomCodec, RefusesAColourTransformThatContradictsTheHeader) {
  for (const char* says : {"YBR_RCT", "YBR_ICT"}) {
    expect_verdict(
        with_photometric("j2k91_rgb.dcm", says),
        "its JPEG 2000 stream has no colour transform where the header says " + std::string(says));
  }
  for (const char* says : {"YBR_FULL", "YBR_FULL_422"}) {
    expect_verdict(
        with_photometric("j2k91_ict.dcm", says),
        "its JPEG 2000 stream has a colour transform where the header says " + std::string(says));
  }
}

TEST(DicomCodec, RefusesWhatADctCannotCode) {
  const std::string file = golden_file("jpeg51_12u_q90.dcm");
  expect_verdict(with_word(file, kRepresentation, 1),
                 "has signed pixels in the transfer syntax JPEG Extended; that is defined for "
                 "unsigned ones (PS3.5 8.2.1)");
  std::string deep = file;
  const std::size_t frame = deep.find("\xFF\xC1");
  ASSERT_NE(frame, std::string::npos);
  deep[frame + 4] = 16;
  expect_verdict(deep, "has samples of 16 bits, which no DCT codes");
}

// A size that its bytes cannot fill costs no memory: 2 bytes a pixel for 2^26 of them.
TEST(DicomCodec, RefusesMorePixelsThanAStreamCanHold) {
  for (const char* name : {"jpeg70_12u.dcm", "jpeg51_12u_q90.dcm"}) {
    SCOPED_TRACE(name);
    std::string file = with_word(with_word(golden_file(name), kRows, 8192), kColumns, 8192);
    std::size_t frame = file.find("\xFF\xC3");
    if (frame == std::string::npos) frame = file.find("\xFF\xC1");
    ASSERT_NE(frame, std::string::npos);
    file.replace(frame + 5, 4, std::string("\x20\0\x20\0", 4));
    expect_verdict(file, "its JPEG stream is cut short");
  }
}

// Without its upper bits a sample beyond the range would turn from white to black.
TEST(DicomCodec, RefusesSamplesThatLossCarriedBeyondTheirBits) {
  if (!have_gdcm()) GTEST_SKIP() << "built without GDCM";
  for (const char* name : {"jpeg51_12u_q90.dcm", "near1_12u.dcm", "j2k91_12u.dcm"}) {
    SCOPED_TRACE(name);
    const std::string file = golden_file(name);
    expect_verdict(with_word(with_word(file, kBitsStored, 11), kHighBit, 10),
                   "which its 11 bits stored cannot hold");
    expect_verdict(with_word(with_word(file, kBitsStored, 11), kHighBit, 11),
                   "is compressed with loss and keeps its pixels in the high bits");
    expect_verdict(file, "accepted");
  }
  const std::string file = golden_file("j2k91_12s.dcm");
  expect_verdict(with_word(with_word(file, kBitsStored, 11), kHighBit, 10),
                 "has the pixel -2048, which its 11 bits stored cannot hold");
  // Without loss the bits above are an overlay's.
  expect_verdict(with_word(with_word(golden_file("jpegls_12u.dcm"), kBitsStored, 11), kHighBit, 10),
                 "accepted");
}

// A tile that says it is irreversible in a file that is called lossless.
TEST(DicomCodec, RefusesACodingStyleWithinATile) {
  const std::string file = golden_file("j2k_8u.dcm");
  const DicomFile dicom = read_dicom(bytes_of(file), "a");
  const DicomHeader header = read_dicom_header(dicom, std::nullopt, "a");
  const auto fragment = dicom_fragments(dicom.data.find(0x7FE00010)->value, "a")[1];
  std::string stream(as_text(fragment));
  EXPECT_GT(check_jpeg2000_stream(bytes_of(stream), header, "a").size, 100U);
  const std::size_t style = stream.find("\xFF\x52");
  const std::size_t tile = stream.find("\xFF\x90");
  ASSERT_LT(style, tile);
  ASSERT_NE(tile, std::string::npos);
  const std::string copy = stream.substr(style, 14);
  stream[tile + 9] = static_cast<char>(static_cast<unsigned char>(stream[tile + 9]) + copy.size());
  stream.insert(tile + 12, copy);
  EXPECT_EQ(
      refusal(ErrorKind::kBadFile, [&] { check_jpeg2000_stream(bytes_of(stream), header, "a"); }),
      "a: its JPEG 2000 stream changes its coding style within a tile; it is damaged, or its "
      "transfer syntax is not the one that it states");
}

// What a decoder process makes of a file. Fresh memory holds something else every time, so that
// pixels that no one wrote differ.
Image decode_perturbed(std::span<const std::byte> file, std::string_view where) {
  static int fill = 0;
  fill = fill == 0x55 ? 0xC3 : 0x55;
  ::mallopt(M_PERTURB, fill);
  return decode_dicom(file, dicom_options_from_json({{"voi", "none"}}, "options"), where);
}

// Through a codec, in the processes of a pool: whatever happens there is one line here, and happens
// again.
TEST(DicomCodec, DecodersReadOrRefuseFlippedStreams) {
  if (!have_gdcm()) GTEST_SKIP() << "built without GDCM";
  const TemporaryFolder folder;
  DecoderPool pool(1, decode_perturbed);
  std::size_t read = 0;
  std::size_t refused = 0;
  const auto verdict = [&] {
    try {
      const Image image = pool.decode(folder / "a.dcm");
      ++read;
      return describe(image) + hash_of(image);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kBadFile) << error.what();
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      ++refused;
      return std::string("refused");
    }
  };
  for (const char* name :
       {"jpeg70_12u.dcm", "jpeg57_8u.dcm", "jpegls_12u.dcm", "j2k_8u.dcm", "jpeg50_8u.dcm",
        "jpeg50_420.dcm", "jpeg51_12u_q90.dcm", "near1_12u.dcm", "j2k91_ict.dcm", "rle_12u.dcm"}) {
    const std::string valid = golden_file(name);
    const std::size_t pixels = valid.find("\xE0\x7F\x10");
    ASSERT_NE(pixels, std::string::npos);
    for (std::size_t i = pixels; i < valid.size(); i += 7) {
      std::string file = valid;
      file[i] = static_cast<char>(file[i] ^ 0xFF);
      write_text(folder / "a.dcm", file);
      EXPECT_EQ(verdict(), verdict()) << name << ", byte " << i;
    }
  }
  EXPECT_GT(read, 0U);
  EXPECT_GT(refused, 0U);
  RecordProperty("replaced", static_cast<int>(pool.replaced()));
}

}  // namespace
}  // namespace apatite::image
