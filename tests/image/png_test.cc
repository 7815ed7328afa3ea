#include "image/png.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/sha256.h"
#include "image/decode.h"
#include "tests/support/shared_data.h"

namespace apatite {
namespace {

std::filesystem::path data_file(const char* name) {
  const auto data = shared_data();
  return data.empty() ? data : data / name;
}

TEST(Png, ReadsAll16BitsOfARealMammogram) {
  const auto path = data_file("png/nyu_1_L_CC.png");
  if (path.empty()) GTEST_SKIP() << "no shared/data";
  const Image image = decode_image(path);
  EXPECT_EQ(describe(image), "2560x3328 pixels, 1 channel, 16 bits");
  // numpy.asarray(PIL.Image.open(...)).tobytes()
  EXPECT_EQ(sha256_hex(sample_bytes(image)),
            "4c76bb633d11eb311278ab632fa113b63ea8d4cb1c4a6ec42e57c2eda280f237");
}

}  // namespace
}  // namespace apatite
