// What a damaged or lying PNG file leads to.
#include <gtest/gtest.h>

#include "base/sha256.h"
#include "image/codec/png.h"
#include "tests/image/codec/png_parts.h"
#include "tests/support/mutations.h"
#include "tests/support/seeded_image.h"

namespace apatite::image {
namespace {

std::string read(const std::string& file) {
  const Image image = decode_png(bytes_of(file), "a.png");
  return describe(image) + " " + sha256_hex(sample_bytes(image));
}

std::string refused(const std::string& file) {
  return refusal(ErrorKind::kBadFile, [&] { read(file); });
}

std::string small_file() {
  return png_file(png_header(3, 2) + png_chunk("IDAT", deflated(small_rows())));
}

TEST(StrictPng, ReadsTheFileThatTheseTestsDamage) {
  const Image image = decode_png(bytes_of(small_file()), "a.png");
  EXPECT_EQ(samples_of<std::uint8_t>(image), (std::vector<std::uint8_t>{10, 20, 30, 40, 50, 60}));
}

std::string one_byte_chunks(const std::string& data) {
  std::string chunks;
  for (const char byte : data) chunks += png_chunk("IDAT", std::string(1, byte));
  return chunks;
}

void expect_all_mutations_refused(const std::string& file) {
  std::size_t seen = 0;
  for_each_mutation(file, read, [&](const std::string& verdict, std::size_t position, bool prefix) {
    EXPECT_TRUE(verdict.starts_with("refused: a.png: "))
        << verdict << (prefix ? " prefix " : " flip ") << position;
    ++seen;
  });
  EXPECT_EQ(seen, 3 * file.size());
}

TEST(StrictPng, RefusesEveryPrefixAndEveryFlippedByte) {
  expect_all_mutations_refused(small_file());
  expect_all_mutations_refused(encode_png(seeded_image<std::uint16_t>(3, 4, 5, 3)));
  expect_all_mutations_refused(
      png_file(png_header(2, 2, 8, 3) + png_chunk("gAMA", std::string("\0\0\xB1\x8F", 4)) +
               png_chunk("PLTE", "abcdef") + png_chunk("tRNS", "\x80") +
               png_chunk("tEXt", std::string("a\0b", 3)) +
               png_chunk("IDAT", deflated(std::string("\0\0\1\0\1\0", 6)))));
}

// zlib's Adler-32 is the second guard; the bits that it does not cover (the header's compression
// level, the padding behind the last block) mean nothing to the pixels.
TEST(StrictPng, ReadsTheSamePixelsOrRefusesWhenDataIsFlippedBehindARightCrc) {
  const std::string data = deflated(small_rows());
  const std::string valid = verdict(read, small_file());
  std::size_t refusals = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string flipped = data;
      flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ (1U << bit));
      const std::string result =
          verdict(read, png_file(png_header(3, 2) + png_chunk("IDAT", flipped)));
      EXPECT_EQ(result, verdict(read, png_file(png_header(3, 2) + one_byte_chunks(flipped))));
      const bool refused_now = result.starts_with("refused: a.png: is a damaged PNG file");
      EXPECT_TRUE(refused_now || result == valid)
          << "byte " << i << " bit " << bit << ": " << result;
      const bool adler = i + 4 >= data.size();
      EXPECT_TRUE(refused_now || !adler) << "byte " << i << " bit " << bit << ": " << result;
      refusals += refused_now ? 1 : 0;
    }
  }
  EXPECT_GE(refusals, 8 * data.size() - 16);
}

TEST(StrictPng, RefusesEveryPrefixOfTheDataBehindARightCrc) {
  const std::string data = deflated(small_rows());
  for (std::size_t length = 0; length < data.size(); ++length) {
    const std::string cut = data.substr(0, length);
    EXPECT_NE(refused(png_file(png_header(3, 2) + png_chunk("IDAT", cut))), "accepted") << length;
    EXPECT_NE(refused(png_file(png_header(3, 2) + one_byte_chunks(cut))), "accepted") << length;
  }
}

TEST(StrictPng, RefusesTooMuchAndTooLittleData) {
  const std::string header = png_header(3, 2);
  const std::string data = deflated(small_rows());
  const std::string longer = deflated(small_rows() + std::string("\0\1\2\3", 4));
  const std::string shorter = deflated(small_rows().substr(0, 4));
  EXPECT_NE(refused(png_file(header + png_chunk("IDAT", longer))), "accepted");
  EXPECT_NE(refused(png_file(header + png_chunk("IDAT", shorter))), "accepted");
  EXPECT_NE(refused(png_file(header + png_chunk("IDAT", data + "x"))), "accepted");
  EXPECT_NE(refused(png_file(header + png_chunk("IDAT", data) + png_chunk("IDAT", "x"))),
            "accepted");
  EXPECT_NE(refused(png_file(header + png_chunk("IDAT", data) + png_chunk("IDAT", data))),
            "accepted");
}

TEST(StrictPng, AcceptsDataInAnyNumberOfChunks) {
  const std::string data = deflated(small_rows());
  const std::string chunks = png_header(3, 2) + one_byte_chunks(data);
  EXPECT_EQ(read(png_file(chunks)), read(small_file()));
  EXPECT_EQ(read(png_file(chunks + png_chunk("IDAT", ""))), read(small_file()));
}

TEST(StrictPng, DoesNotUseAncillaryChunks) {
  const std::string data = png_chunk("IDAT", deflated(small_rows()));
  const std::string noise = png_chunk("iCCP", "no profile at all") + png_chunk("gAMA", "x") +
                            png_chunk("sRGB", "long content") + png_chunk("zTXt", "") +
                            png_chunk("sBIT", "\x01");
  EXPECT_EQ(read(png_file(png_header(3, 2) + noise + data + png_chunk("tIME", "?"))),
            read(small_file()));
}

TEST(StrictPng, RefusesTrailingBytes) {
  EXPECT_EQ(refused(small_file() + "x"),
            "a.png: has 1 bytes after its PNG end chunk; remove them, if the rest is what you "
            "expect");
}

TEST(StrictPng, RefusesAWrongOrderOfChunks) {
  const std::string header = png_header(3, 2);
  const std::string data = png_chunk("IDAT", deflated(small_rows()));
  const std::string signature = "\x89PNG\r\n\x1a\n";
  EXPECT_NE(refused(png_file(data)), "accepted");
  EXPECT_NE(refused(png_file(header)), "accepted");
  EXPECT_NE(refused(png_file(header + header + data)), "accepted");
  EXPECT_NE(refused(png_file(data + header)), "accepted");
  EXPECT_NE(refused(png_file(header + png_chunk("PLTE", "abc") + data)), "accepted");
  EXPECT_NE(refused(png_file(header + png_chunk("ABCD", "abc") + data)),
            "accepted");  // unknown and critical
  EXPECT_NE(refused(signature + header + data), "accepted");
  EXPECT_NE(refused(signature + header + data + png_chunk("IEND", "x")), "accepted");
  const std::string cut = deflated(small_rows());
  EXPECT_NE(refused(png_file(header + png_chunk("IDAT", cut.substr(0, 5)) +
                             png_chunk("tEXt", std::string("a\0b", 3)) +
                             png_chunk("IDAT", cut.substr(5)))),
            "accepted");
  EXPECT_NE(refused(png_file(header + png_chunk("tRNS", std::string(2, '\0')) +
                             png_chunk("tRNS", std::string(2, '\0')) + data)),
            "accepted");
  EXPECT_NE(refused(png_file(header + data + png_chunk("tRNS", std::string(2, '\0')))), "accepted");
}

TEST(StrictPng, RefusesHeadersThatTheStandardDoesNotKnow) {
  const std::string data = png_chunk("IDAT", deflated(small_rows()));
  for (const auto& [depth, type] :
       {std::pair{3, 0}, {0, 0}, {32, 0}, {4, 2}, {16, 3}, {8, 1}, {8, 5}, {8, 7}, {4, 6}}) {
    EXPECT_EQ(refused(png_file(png_header(3, 2, depth, type) + data)),
              "a.png: has a PNG header that the standard does not know; the file is damaged: "
              "export or copy it again");
  }
  EXPECT_NE(refused(png_file(png_header(3, 2, 8, 0, 2) + data)), "accepted");
  EXPECT_NE(refused(png_file(png_header(0, 2) + data)), "accepted");
  EXPECT_NE(refused(png_file(png_header(3, 0) + data)), "accepted");
}

TEST(StrictPng, RefusesAPaletteIndexWithoutAnEntry) {
  const auto file = [](int index) {
    const std::string rows{'\0', '\0', static_cast<char>(index)};
    return png_file(png_header(2, 1, 8, 3) + png_chunk("PLTE", "abcdef") +
                    png_chunk("IDAT", deflated(rows)));
  };
  EXPECT_EQ(samples_of<std::uint8_t>(decode_png(bytes_of(file(1)), "a.png")),
            (std::vector<std::uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'}));
  EXPECT_EQ(refused(file(2)),
            "a.png: uses a palette entry that it does not have; export or copy it again");
}

TEST(StrictPng, RefusesPalettesOfAnImpossibleSize) {
  const std::string data = png_chunk("IDAT", deflated(std::string("\0\0\0\0", 4)));
  const auto file = [&](const std::string& palette, const std::string& transparency) {
    return png_file(png_header(2, 2, 1, 3) + palette + transparency + data);
  };
  EXPECT_EQ(refused(file(png_chunk("PLTE", "abcdef"), "")), "accepted");
  EXPECT_NE(refused(file("", "")), "accepted");
  EXPECT_NE(refused(file(png_chunk("PLTE", ""), "")), "accepted");
  EXPECT_NE(refused(file(png_chunk("PLTE", "abcd"), "")), "accepted");
  EXPECT_NE(refused(file(png_chunk("PLTE", "abcdefghi"), "")), "accepted");
  EXPECT_NE(refused(file(png_chunk("PLTE", "abcdef"), png_chunk("tRNS", "abc"))), "accepted");
  EXPECT_NE(refused(file(png_chunk("tRNS", "a"), png_chunk("PLTE", "abcdef"))), "accepted");
}

TEST(StrictPng, RefusesTransparencyOfAWrongLength) {
  const std::string data = png_chunk("IDAT", deflated(small_rows()));
  EXPECT_NE(refused(png_file(png_header(3, 2) + png_chunk("tRNS", "x") + data)), "accepted");
  EXPECT_NE(refused(png_file(png_header(3, 2) + png_chunk("tRNS", "") + data)), "accepted");
  EXPECT_NE(refused(png_file(png_header(3, 2) + png_chunk("tRNS", "xyz") + data)), "accepted");
}

TEST(StrictPng, RefusesASizeThatTheDataCannotHold) {
  const std::string data = png_chunk("IDAT", deflated(small_rows()));
  EXPECT_EQ(refused(png_file(png_header(10000, 10000) + data)),
            "a.png: says that it has 10000x10000 pixels, which its 16 bytes of data cannot hold; "
            "the file is damaged: export or copy it again");
  EXPECT_NE(refused(png_file(png_header(10000, 10000, 16, 6, 1) + data)), "accepted");
}

TEST(StrictPng, ReadsTheFlattestDataThatDeflateCanMake) {
  const std::string rows(std::size_t{1000} * 1001, '\0');
  const std::string data = deflated(rows);
  ASSERT_GT(rows.size(), 900 * data.size());
  const std::string file = png_file(png_header(1000, 1000) + png_chunk("IDAT", data));
  EXPECT_EQ(decode_png(bytes_of(file), "a.png").width, 1000);
}

TEST(StrictPng, RefusesHugeSizes) {
  const std::string data = png_chunk("IDAT", deflated(small_rows()));
  EXPECT_EQ(refused(png_file(png_header(65536, 1) + data)),
            "a.png: has 65536x1 pixels; at most 65,535 per side and 134,217,728 in all are read");
  EXPECT_NE(refused(png_file(png_header(30000, 30000) + data)), "accepted");
  EXPECT_NE(refused(png_file(png_header(0x7FFFFFFF, 0x7FFFFFFF) + data)), "accepted");
  EXPECT_NE(refused(png_file(png_header(0xFFFFFFFF, 0xFFFFFFFF) + data)), "accepted");
}

}  // namespace
}  // namespace apatite::image
