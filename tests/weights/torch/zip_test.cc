#include "weights/torch/zip.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/error.h"
#include "tests/weights/torch/raw_zip.h"

namespace apatite::weights::torch {
namespace {

constexpr std::string_view kDamaged = "; the file is damaged or cut off: copy or download it again";
constexpr std::string_view kSaveAgain =
    "; load it with torch.load and save it again with torch.save";

// Reads every entry; the refusal's message if there is one.
std::string outcome(const std::string& bytes) {
  try {
    const ZipReader zip(as_bytes(bytes), "f");
    std::string all;
    for (const ZipEntry& entry : zip.entries()) {
      all += std::string(entry.name) + "=" + std::string(as_text(zip.read(entry))) + ";";
    }
    return all;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadFile);
    return error.what();
  }
}

std::string damaged(std::string_view what) { return "f: " + std::string(what).append(kDamaged); }

TEST(Zip, ReadsEntriesWithAndWithoutDescriptor) {
  EXPECT_EQ(outcome(raw_zip({{.name = "a", .data = "hello"},
                             {.name = "b", .data = ""},
                             {.name = "c", .data = "x", .flags = 0}})),
            "a=hello;b=;c=x;");
}

TEST(Zip, FindsEntriesByName) {
  const std::string bytes = raw_zip({{.name = "a", .data = "1"}, {.name = "b", .data = "2"}});
  const ZipReader zip(as_bytes(bytes), "f");
  ASSERT_NE(zip.find("b"), nullptr);
  EXPECT_EQ(as_text(zip.find("b")->data), "2");
  EXPECT_EQ(zip.find("c"), nullptr);
}

TEST(Zip, RefusesAFileThatDoesNotEndWithItsEndRecord) {
  const std::string message = damaged("a zip archive that does not end with a zip end record");
  EXPECT_EQ(outcome(""), message);
  EXPECT_EQ(outcome("PK\x03\x04"), message);
  EXPECT_EQ(outcome(raw_zip({{.name = "a", .data = "1"}}) + "x"), message);
}

TEST(Zip, RefusesAWrongSize) {
  EXPECT_EQ(outcome(raw_zip({{.name = "a", .data = "hello", .size = 4}})),
            damaged("zip entry 'a' is stored but has two different sizes"));
  EXPECT_EQ(outcome(raw_zip({{.name = "a", .data = "hello", .size = 4, .compressed = 4}})),
            damaged("zip entry 'a' has another data descriptor than the directory says"));
  EXPECT_EQ(outcome(raw_zip(
                {{.name = "a", .data = "hello", .size = 4000000000, .compressed = 4000000000}})),
            damaged("zip entry 'a' claims 4000000000 bytes, more than the file holds"));
}

TEST(Zip, RefusesAWrongChecksum) {
  EXPECT_EQ(outcome(raw_zip({{.name = "a", .data = "hello", .crc = 1}})),
            damaged("zip entry 'a' does not have its CRC-32"));
}

TEST(Zip, RefusesABombBeforeInflating) {
  EXPECT_EQ(outcome(raw_zip({{.name = "x/data.pkl",
                              .data = "\x03",
                              .method = 8,
                              .size = 4294967294,
                              .compressed = 1}})),
            "f: zip entry 'x/data.pkl' is compressed (method 8, claims 4294967294 bytes), and "
            "torch.save never compresses" +
                std::string(kSaveAgain));
}

TEST(Zip, RefusesOverlappingEntries) {
  const RawEntry inner{.name = "b", .data = "two"};
  const RawEntry outer{.name = "a", .data = local_record(inner)};
  RawEntry hidden = inner;
  hidden.in_data = false;
  hidden.offset = 30 + 1;  // the data of "a"
  EXPECT_EQ(outcome(raw_zip({outer, hidden})), damaged("zip entry 'b' overlaps another"));
}

TEST(Zip, RefusesDuplicateNames) {
  EXPECT_EQ(outcome(raw_zip({{.name = "a", .data = "1"}, {.name = "a", .data = "2"}})),
            "f: zip entry 'a' is there twice" + std::string(kSaveAgain));
}

TEST(Zip, RefusesAnotherLocalHeader) {
  EXPECT_EQ(outcome(raw_zip({{.name = "a", .data = "1", .local_name = "b"}})),
            damaged("zip entry 'a' has another header than the directory says"));
  EXPECT_EQ(outcome(raw_zip({{.name = "a", .data = "1", .offset = 1}})),
            damaged("zip entry 'a' is not where the directory says"));
  EXPECT_EQ(outcome(raw_zip({{.name = "a", .data = "1", .offset = 0xFFFFFFF0}})),
            damaged("zip entry 'a' is not where the directory says"));
}

TEST(Zip, RefusesEncryption) {
  EXPECT_EQ(outcome(raw_zip({{.name = "a", .data = "1", .flags = 1}})),
            "f: zip entry 'a' is encrypted; save the checkpoint without a password");
  EXPECT_EQ(outcome(raw_zip({{.name = "a", .data = "1", .flags = 0x10}})),
            "f: zip entry 'a' has unknown flags" + std::string(kSaveAgain));
}

TEST(Zip, RefusesMoreEntriesThanItsDirectoryHolds) {
  std::string bytes = raw_zip({{.name = "a", .data = "1"}});
  bytes[bytes.size() - 14] = bytes[bytes.size() - 12] = 7;
  EXPECT_EQ(outcome(bytes),
            damaged("its zip end record claims 7 entries, more than fit into its directory"));
  bytes[bytes.size() - 14] = bytes[bytes.size() - 12] = 0;
  EXPECT_EQ(outcome(bytes), damaged("its directory is longer than its entries"));
}

TEST(Zip, RefusesSeveralParts) {
  std::string bytes = raw_zip({{.name = "a", .data = "1"}});
  bytes[bytes.size() - 18] = 1;
  EXPECT_EQ(outcome(bytes), "f: a zip archive in several parts" + std::string(kSaveAgain));
}

TEST(Zip, ShowsHostileNamesShortAndOnOneLine) {
  const std::string name = "a\n\xff" + std::string(60000, 'x');
  EXPECT_EQ(outcome(raw_zip({{.name = name, .data = "1", .crc = 1}})),
            damaged("zip entry 'a??" + std::string(77, 'x') + "...' does not have its CRC-32"));
}

}  // namespace
}  // namespace apatite::weights::torch
