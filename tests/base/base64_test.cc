#include "base/base64.h"

#include <gtest/gtest.h>

namespace apatite {
namespace {

// RFC 4648, section 10.
TEST(Base64, EncodesTheVectorsOfItsStandard) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
}

TEST(Base64, TakesEveryByte) {
  EXPECT_EQ(base64(std::string_view("\xFF\xFE\x00\x3E", 4)), "//4APg==");
}

// Longer than the pieces that are encoded at once (3 MiB).
TEST(Base64, JoinsLongTextsWithoutPaddingBetween) {
  const std::size_t size = (std::size_t{3} << 20U) + 1;
  const std::string text = base64(std::string(size, 'f'));
  EXPECT_EQ(text.size(), (size + 2) / 3 * 4);
  EXPECT_EQ(text.find('='), text.size() - 2);
  EXPECT_EQ(text.substr(text.size() - 8), "ZmZmZg==");
  EXPECT_EQ(text.substr(0, text.size() - 4).find_first_not_of("Zm"), std::string::npos);
}

}  // namespace
}  // namespace apatite
