// A file that the Python package safetensors 0.8.0 wrote (tests/weights/python_golden.py).
#include <gtest/gtest.h>

#include <charconv>
#include <string>

#include "tests/weights/safetensors/raw_safetensors.h"
#include "weights/safetensors/safetensors.h"

namespace apatite::weights {
namespace {

constexpr std::string_view kHex =
    "50010000000000007b225f5f6d657461646174615f5f223a7b226b6579223a2276c3a46c7565227d2c22636f75"
    "6e74223a7b226474797065223a22493634222c227368617065223a5b5d2c22646174615f6f666673657473223a"
    "5b302c385d7d2c22646f75626c65223a7b226474797065223a22463634222c227368617065223a5b315d2c2264"
    "6174615f6f666673657473223a5b382c31365d7d2c22656d707479223a7b226474797065223a22463332222c22"
    "7368617065223a5b302c335d2c22646174615f6f666673657473223a5b31362c31365d7d2c2273696e676c6522"
    "3a7b226474797065223a22463332222c227368617065223a5b322c325d2c22646174615f6f666673657473223a"
    "5b31362c33325d7d2c2268616c66223a7b226474797065223a22463136222c227368617065223a5b345d2c2264"
    "6174615f6f666673657473223a5b33322c34305d7d7d2020202020202007000000000000009a9999999999b93f"
    "0000803f000020c0e6b1617fca02000000380080ff7b0100";

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned int byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

TEST(Interoperability, ReadsWhatThePythonPackageWrote) {
  const std::string file = from_hex(kHex);
  const SafetensorsHeader header = parse_safetensors(as_bytes(file), "golden");
  EXPECT_EQ(header.metadata, (StringMap{{"key", "v\xC3\xA4lue"}}));
  ASSERT_EQ(header.tensors.size(), 5U);
  const auto load = [&](std::string_view name) {
    const TensorEntry& entry = *header.find(name);
    return load_tensor(header.bytes_of(entry, as_bytes(file)), entry, "golden");
  };
  const auto values = [&](std::string_view name) {
    const engine::Tensor tensor = load(name).values;
    return std::vector<float>(tensor.values().begin(), tensor.values().end());
  };
  EXPECT_EQ(values("single"), (std::vector<float>{1, -2.5F, 3.0e38F, 1.0e-42F}));
  EXPECT_EQ(header.find("single")->dims, (engine::Dims{2, 2}));
  EXPECT_EQ(values("half"), (std::vector<float>{0.5F, 0, 65504, 0x1p-24F}));
  EXPECT_EQ(load("half").report.negative_zeros, 1);
  EXPECT_EQ(values("double"), (std::vector<float>{0.1F}));
  EXPECT_EQ(load("double").report.rounded, 1);
  EXPECT_EQ(header.find("count")->dtype, DType::kI64);
  EXPECT_EQ(header.find("count")->dims, engine::Dims());
  EXPECT_EQ(header.find("empty")->dims, (engine::Dims{0, 3}));
}

}  // namespace
}  // namespace apatite::weights
