#include "image/codec/jpeg.h"

#include <gtest/gtest.h>

#include "base/sha256.h"
#include "image/codec/exif.h"
#include "tests/support/hex.h"
#include "tests/support/mutations.h"
#include "tests/support/seeded_image.h"

namespace apatite::image {
namespace {

Json golden(const std::string& name) {
  for (Json& each : golden_cases("jpeg.json")) {
    if (each["name"] == name) return std::move(each);
  }
  ADD_FAILURE() << name;
  return {};
}

std::string file_of(const std::string& name) { return from_hex(golden(name)["file"]); }

std::string refused(const std::string& file) {
  return refusal(ErrorKind::kBadFile, [&] { return decode_jpeg(bytes_of(file), "a.jpg"); });
}

std::string fact(const Image& image, std::string_view key) {
  for (const auto& [name, value] : image.facts) {
    if (name == key) return value;
  }
  return "none";
}

TEST(DecodeJpeg, EqualsPillowAndOpenCvToTheBit) {
  const Json cases = golden_cases("jpeg.json");
  EXPECT_EQ(cases.size(), 29U);
  for (const Json& each : cases) {
    const std::string file = from_hex(each["file"]);
    const Image image = decode_jpeg(bytes_of(file), "a.jpg");
    EXPECT_EQ(image.height, each["size"][0]) << each["name"];
    EXPECT_EQ(image.width, each["size"][1]) << each["name"];
    EXPECT_EQ(image.channels, each["channels"]) << each["name"];
    EXPECT_EQ(sha256_hex(sample_bytes(image)), each["sha256"]) << each["name"];
  }
}

TEST(DecodeJpeg, ComputesSamplesAsItsOptionsSay) {
  std::size_t compared = 0;
  std::size_t different = 0;
  for (const Json& each : golden_cases("jpeg.json")) {
    const std::string file = from_hex(each["file"]);
    for (const JpegDct dct : {JpegDct::kIslow, JpegDct::kIfast}) {
      for (const JpegUpsampling upsampling : {JpegUpsampling::kFancy, JpegUpsampling::kNearest}) {
        const std::string name = std::string(name_of(dct)) + " " + std::string(name_of(upsampling));
        SCOPED_TRACE(each["name"].get<std::string>() + ", " + name);
        const Json expected = each["variants"].value(name, each["sha256"]);
        const Image image = decode_jpeg(bytes_of(file), "a.jpg", {dct, upsampling});
        EXPECT_EQ(sha256_hex(sample_bytes(image)), expected);
        EXPECT_EQ(fact(image, "inverse DCT"), name_of(dct));
        EXPECT_EQ(fact(image, "chroma upsampling"),
                  image.channels == 3 ? name_of(upsampling) : std::string_view("none"));
        ++compared;
        different += expected == each["sha256"] ? 0 : 1;
      }
    }
  }
  EXPECT_EQ(compared, 4U * 29U);
  EXPECT_GE(different, 2U * 16U);
}

TEST(JpegOptions, RefusesWhatItDoesNotKnow) {
  const auto refused_options = [](const char* json) {
    return refusal(ErrorKind::kBadFile,
                   [&] { jpeg_options_from_json(parse_json(json, "r"), "r: jpeg"); });
  };
  EXPECT_EQ(refused_options("{}"), "accepted");
  EXPECT_NE(refused_options(R"({"dct": "float"})").find("islow"), std::string::npos);
  for (const char* json : {R"({"dct": 1})", R"({"upsampling": "smooth"})", R"({"idct": "islow"})",
                           "[]", R"("islow")"}) {
    EXPECT_NE(refused_options(json), "accepted") << json;
  }
}

TEST(Upright, TurnsAsPillowsExifTransposeDoes) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Json each = golden("orientation " + std::to_string(orientation));
    const std::string file = from_hex(each["file"]);
    const Image image = decode_jpeg(bytes_of(file), "a.jpg");
    EXPECT_EQ(image.orientation, orientation);
    const Image seen = upright(image);
    EXPECT_EQ(seen.orientation, 1);
    EXPECT_EQ(seen.height, each["upright_size"][0]);
    EXPECT_EQ(seen.width, each["upright_size"][1]);
    EXPECT_EQ(sha256_hex(sample_bytes(seen)), each["upright"]) << orientation;
  }
}

TEST(DecodeJpeg, SaysWhatItFound) {
  const std::string plain = file_of("4:2:0");
  const Image image = decode_jpeg(bytes_of(plain), "a.jpg");
  EXPECT_EQ(fact(image, "compression"), "JPEG, sequential");
  EXPECT_EQ(fact(image, "colours in the file"), "YCbCr");
  EXPECT_EQ(fact(image, "sampling"), "2x2, 1x1, 1x1");
  EXPECT_EQ(fact(image, "EXIF orientation"), "none");
  const std::string progressive = file_of("restart rows");
  EXPECT_EQ(fact(decode_jpeg(bytes_of(progressive), "a.jpg"), "compression"), "JPEG, progressive");
  EXPECT_EQ(fact(decode_jpeg(bytes_of(progressive), "a.jpg"), "restart interval"), "3");
  const std::string turned = file_of("orientation 6");
  EXPECT_EQ(fact(decode_jpeg(bytes_of(turned), "a.jpg"), "EXIF orientation"), "6");
}

TEST(DecodeJpeg, RefusesCmyk) {
  const auto path = source_dir() / "tests" / "goldens" / "image" / "jpeg.json";
  const Json all = parse_json(read_file(path, 1U << 20U), "jpeg.json");
  EXPECT_EQ(refused(from_hex(all["cmyk"])),
            "a.jpg: is a CMYK JPEG file, made for printing; convert it to grey or RGB");
}

TEST(DecodeJpeg, AllowsNothingButZerosAfterTheEnd) {
  const std::string file = file_of("4:2:0");
  EXPECT_EQ(refused(file + std::string(5, '\0')), "accepted");
  EXPECT_EQ(refused(file + std::string(5, '\0') + "x"),
            "a.jpg: has 6 bytes after the end of its JPEG image; it may hold a second picture or "
            "be damaged: export it again");
  EXPECT_NE(refused(file + file), "accepted");
}

TEST(DecodeJpeg, RefusesACutFileAsSuch) {
  const std::string file = file_of("4:2:0");
  EXPECT_EQ(refused(file.substr(0, file.size() - 2)),
            "a.jpg: is a damaged JPEG file, or one that is not read (libjpeg: Premature end of "
            "JPEG file); export or copy it again");
}

// The position of the marker FF `code` for the n-th time.
std::size_t marker(const std::string& file, int code, int n = 1) {
  const std::string text{'\xFF', static_cast<char>(code)};
  std::size_t at = 0;
  for (int i = 0; i < n; ++i) at = file.find(text, i == 0 ? 0 : at + 2);
  EXPECT_NE(at, std::string::npos);
  return at;
}

TEST(DecodeJpeg, RefusesAProgressiveFileWithoutItsLastScans) {
  // libjpeg itself takes it without a word and smooths over what is missing.
  const std::string file = file_of("progressive");
  for (int scan = 2; scan <= 10; ++scan) {
    EXPECT_EQ(refused(file.substr(0, marker(file, 0xDA, scan)) + "\xFF\xD9"),
              "a.jpg: is a damaged JPEG file, or one that is not read (libjpeg: scans are "
              "missing); export or copy it again");
  }
}

TEST(DecodeJpeg, RefusesALostRestartMarker) {
  std::string file = file_of("restart blocks");
  const std::size_t at = marker(file, 0xD1);
  EXPECT_NE(refused(file.substr(0, at) + file.substr(at + 2)), "accepted");
  file[at + 1] = '\xD5';
  EXPECT_NE(refused(file), "accepted");
}

TEST(DecodeJpeg, RefusesMorePixelsThanItsBytesCanHold) {
  std::string file = file_of("4:4:4");
  const std::size_t frame = marker(file, 0xC0);
  file.replace(frame + 5, 4, "\x20\x00\x20\x00", 4);  // 8192 x 8192
  EXPECT_EQ(refused(file), "a.jpg: says that it has 8192x8192 pixels, which " +
                               std::to_string(file.size()) +
                               " bytes cannot hold; export or copy it again");
  file.replace(frame + 5, 4, "\xFF\x00\xFF\x00", 4);
  EXPECT_EQ(refused(file),
            "a.jpg: has 65280x65280 pixels; at most 65,535 per side and 134,217,728 in all are "
            "read");
  file.replace(frame + 5, 4, std::string(4, '\0'));
  EXPECT_NE(refused(file), "accepted");
}

TEST(DecodeJpeg, ReadsOrRefusesEveryMutation) {
  const Reader read = [](const std::string& file) {
    return sha256_hex(sample_bytes(decode_jpeg(bytes_of(file), "a.jpg")));
  };
  for (const char* name : {"colour 3x2", "restart blocks", "progressive grey", "orientation 6"}) {
    for_each_mutation(file_of(name), read,
                      [&](const std::string& verdict, std::size_t position, bool prefix) {
                        if (!prefix) return;
                        EXPECT_TRUE(verdict.starts_with("refused: ")) << name << " " << position;
                      });
  }
}

std::string tiff(const std::string& entries, const std::string& count = std::string("\1\0", 2)) {
  return std::string("II*\0\x08\0\0\0", 8) + count + entries;
}

int orientation_of(const std::string& text) { return exif_orientation(bytes_of(text)); }

TEST(ExifOrientation, ReadsBothByteOrders) {
  const std::string other("\x0F\x01\x02\0\x04\0\0\0abc\0", 12);  // a Make before it
  EXPECT_EQ(orientation_of(tiff(std::string("\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 12))), 6);
  EXPECT_EQ(orientation_of(tiff(other + std::string("\x12\x01\x03\0\x01\0\0\0\x03\0\0\0", 12),
                                std::string("\2\0", 2))),
            3);
  EXPECT_EQ(
      orientation_of(std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x08\0\0", 22)),
      8);
  EXPECT_EQ(orientation_of(tiff(other)), 1);
  EXPECT_EQ(orientation_of(tiff("", std::string("\0\0", 2))), 1);
}

TEST(ExifOrientation, KnowsWhatItCannotRead) {
  const std::string entry("\x12\x01\x03\0\x01\0\0\0\x06\0\0\0", 12);
  const std::string good = tiff(entry);
  for (std::size_t length = 0; length + 2 < good.size(); ++length) {
    EXPECT_EQ(orientation_of(good.substr(0, length)), Image::kUnreadableOrientation) << length;
  }
  for (const std::size_t field : {2U, 4U, 8U}) {  // another type, two values, 9
    std::string bad = entry;
    bad[field] = static_cast<char>(bad[field] + 1 + (field == 8 ? 2 : 0));
    EXPECT_EQ(orientation_of(tiff(bad)), Image::kUnreadableOrientation) << field;
  }
  EXPECT_EQ(orientation_of(std::string("II*\0\xFF\xFF\xFF\xFF", 8)), Image::kUnreadableOrientation);
  EXPECT_EQ(orientation_of("XX" + good.substr(2)), Image::kUnreadableOrientation);
}

}  // namespace
}  // namespace apatite::image
