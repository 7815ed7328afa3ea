#include "image/codec/npy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

#include "base/sha256.h"
#include "image/codec/decode.h"
#include "tests/support/mutations.h"
#include "tests/support/seeded_image.h"
#include "tests/support/temporary_folder.h"

namespace apatite::image {
namespace {

template <class T>
std::string raw(const std::vector<T>& values) {
  std::string text(values.size() * sizeof(T), '\0');
  std::memcpy(text.data(), values.data(), text.size());
  return text;
}

// A version 1.0 file with this dict literal, padded as numpy pads.
std::string npy(const std::string& dict, const std::string& data) {
  std::string header = dict;
  header.append((64 - (10 + header.size() + 1) % 64) % 64, ' ');
  header += '\n';
  std::string file = "\x93NUMPY\x01";
  file += '\0';
  file += static_cast<char>(header.size() & 0xFFU);
  file += static_cast<char>(header.size() >> 8U);
  return file + header + data;
}

std::string npy(const std::string& descr, const std::string& shape, const std::string& data,
                bool fortran = false) {
  return npy("{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") +
                 ", 'shape': " + shape + ", }",
             data);
}

NpyTensor tensor_of(const std::string& file) { return decode_npy_tensor(bytes_of(file), "a.npy"); }
std::vector<float> values_of(const std::string& file) {
  const NpyTensor read = tensor_of(file);
  return {read.tensor.values().begin(), read.tensor.values().end()};
}
std::string refused(const std::string& file) {
  return refusal(ErrorKind::kBadFile, [&] { tensor_of(file); });
}
std::string image_refused(const std::string& file) {
  return refusal(ErrorKind::kBadFile, [&] { decode_npy_image(bytes_of(file), "a.npy"); });
}

const std::vector<float> kSix{1, 2.5F, -3, 0x1p-149F, std::numeric_limits<float>::max(), 6};

TEST(Npy, ReadsBinary32AsItIs) {
  EXPECT_EQ(values_of(npy("<f4", "(2, 3)", raw(kSix))), kSix);
  EXPECT_EQ(tensor_of(npy("<f4", "(2, 3)", raw(kSix))).tensor.dims(), (engine::Dims{1, 1, 2, 3}));
  EXPECT_EQ(tensor_of(npy("<f4", "(3, 2, 1)", raw(kSix))).tensor.dims(),
            (engine::Dims{1, 3, 2, 1}));
  EXPECT_EQ(tensor_of(npy("<f4", "(1, 3, 1, 2)", raw(kSix))).tensor.dims(),
            (engine::Dims{1, 3, 1, 2}));
}

TEST(Npy, ReadsFortranOrder) {
  // As numpy stores numpy.arange(12).reshape(2, 3, 2) in Fortran order.
  const std::vector<float> stored{0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11};
  EXPECT_EQ(values_of(npy("<f4", "(2, 3, 2)", raw(stored), true)),
            (std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
}

TEST(Npy, RoundsBinary64OnceAndCountsIt) {
  const std::vector<double> values{0.1, 0.5, 1 + 0x1p-24, 1 + 0x1.8p-24, -0.0, 3};
  const NpyTensor read = tensor_of(npy("<f8", "(2, 3)", raw(values)));
  EXPECT_EQ(read.rounded, 3);
  EXPECT_EQ(read.negative_zeros, 1);
  const std::vector<float> expected{0.1F, 0.5F, 1, 1 + 0x1p-23F, 0, 3};
  EXPECT_TRUE(std::equal(expected.begin(), expected.end(), read.tensor.values().begin()));
  EXPECT_FALSE(std::signbit(read.tensor.values()[4]));
}

TEST(Npy, RefusesNonFiniteElementsWithTheirIndex) {
  std::vector<float> values = kSix;
  values[4] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(refused(npy("<f4", "(2, 3, 1)", raw(values))),
            "a.npy: holds nan (as binary32) at channel 1, row 1, column 0; every element must be "
            "finite");
  values[4] = -std::numeric_limits<float>::infinity();
  EXPECT_NE(refused(npy("<f4", "(2, 3)", raw(values))), "accepted");
  EXPECT_EQ(refused(npy("<f8", "(1, 2)", raw(std::vector<double>{0, 1e300}))),
            "a.npy: holds inf (as binary32) at channel 0, row 0, column 1; every element must be "
            "finite");
}

TEST(Npy, ReadsEveryHeaderThatNumpyWrites) {
  const std::string data = raw(kSix);
  EXPECT_EQ(values_of(npy("{'fortran_order': False, 'descr': '<f4', 'shape': (2, 3)}", data)),
            kSix);
  EXPECT_EQ(values_of(npy("{\"descr\":\"<f4\",\"fortran_order\":False,\"shape\":(2,3,),}", data)),
            kSix);
  const std::string first = npy("<f4", "(2, 3)", data);
  for (const char version : {'\x02', '\x03'}) {
    std::string file = first;
    file[6] = version;
    file.insert(10, 2, '\0');  // a length of four bytes
    EXPECT_EQ(values_of(file), kSix) << int{version};
  }
}

TEST(Npy, RefusesOtherHeaders) {
  const std::string data = raw(kSix);
  for (const char* dict :
       {"",
        "{}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'x': 1}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [2, 3]}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, -3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3.0)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 0x3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} x",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '<f4\\x00', 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': __import__('os'), 'fortran_order': False, 'shape': (2, 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 2, 3)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 3)}"}) {
    EXPECT_EQ(refused(npy(dict, data)),
              "a.npy: has a damaged .npy header; write the file again with numpy.save")
        << dict;
  }
}

TEST(Npy, RefusesOtherTypesShapesVersionsAndSizes) {
  const std::string data = raw(kSix);
  EXPECT_EQ(refused(npy(">f4", "(2, 3)", data)),
            "a.npy: has elements of the NumPy type '>f4'; store '<f4', '<f8', '|u1' or '<u2'");
  EXPECT_NE(refused(npy("|O", "(2, 3)", data)), "accepted");
  EXPECT_EQ(refused(npy("<f4", "(6,)", data)),
            "a.npy: holds an array of shape 6; store one image: HxW, CxHxW or 1xCxHxW");
  EXPECT_NE(refused(npy("<f4", "()", raw(std::vector<float>{1}))), "accepted");
  EXPECT_NE(refused(npy("<f4", "(2, 1, 1, 3)", data)), "accepted");
  EXPECT_NE(refused(npy("<f4", "(0, 3)", "")), "accepted");
  EXPECT_EQ(refused(npy("<f4", "(2, 3)", data + "x")),
            "a.npy: has 25 bytes of elements where its shape 2x3 needs 24; copy the file again");
  EXPECT_NE(refused(npy("<f4", "(4294967296, 4294967296)", data)), "accepted");
  EXPECT_NE(refused(npy("<f4", "(1073741824, 262144)", data)), "accepted");
  EXPECT_NE(refused(npy("<u2", "(2, 3)", data.substr(0, 12))), "accepted");  // not a tensor
  std::string file = npy("<f4", "(2, 3)", data);
  file[6] = 4;
  EXPECT_EQ(refused(file),
            "a.npy: has an unknown version of .npy; versions 1.0, 2.0 and 3.0 are read");
  EXPECT_EQ(refused(npy(std::string(20'000, ' '), data)),
            "a.npy: has a .npy header of 20,022 bytes; write the file again with numpy.save");
}

TEST(Npy, ReadsIntegersAsImages) {
  const std::vector<std::uint16_t> values{0, 1, 2, 300, 40000, 65535};
  const auto samples = [&](const std::string& shape) {
    const Image image = decode_image(bytes_of(npy("<u2", shape, raw(values))), "a.npy");
    return std::pair(describe(image), samples_of<std::uint16_t>(image));
  };
  EXPECT_EQ(samples("(2, 3)"), std::pair(std::string("3x2 pixels, 1 channel, 16 bits"), values));
  EXPECT_EQ(samples("(6, 1, 1)").first, "1x6 pixels, 1 channel, 16 bits");
  std::vector<std::uint8_t> many(30);
  std::iota(many.begin(), many.end(), std::uint8_t{0});
  const Image last = decode_image(bytes_of(npy("|u1", "(5, 2, 3)", raw(many))), "a.npy");
  EXPECT_EQ(describe(last), "2x5 pixels, 3 channels, 8 bits");
  EXPECT_EQ(samples_of<std::uint8_t>(last), many);
  const Image first = decode_image(bytes_of(npy("|u1", "(3, 2, 5)", raw(many))), "a.npy");
  EXPECT_EQ(describe(first), "5x2 pixels, 3 channels, 8 bits");
  EXPECT_EQ(first.values<std::uint8_t>()[0], 0);
  EXPECT_EQ(first.values<std::uint8_t>()[1], 10);
  EXPECT_EQ(first.values<std::uint8_t>()[2], 20);
  EXPECT_EQ(first.values<std::uint8_t>()[3], 1);
  EXPECT_EQ(image_refused(npy("|u1", "(3, 5, 2)", raw(many))),
            "a.npy: holds an array of shape 3x5x2 whose channels are ambiguous; store HxW, HxWxC "
            "or CxHxW with 1 to 4 channels, or a PNG");
  EXPECT_NE(image_refused(npy("|u1", "(5, 1, 6)", raw(many))), "accepted");
  EXPECT_NE(image_refused(npy("<f4", "(2, 3)", raw(kSix))), "accepted");
}

TEST(Npy, WritesTheBytesThatNumpyWrites) {
  const TemporaryFolder folder;
  const auto hash = [&](const engine::Dims& dims) {
    engine::Tensor tensor(dims);
    for (std::size_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = random_symmetric(5, i);
    write_npy(folder / "a.npy", tensor);
    return sha256_file(folder / "a.npy");
  };
  // numpy.save of the same values (tests/goldens/image/make_goldens.py).
  const Json golden = golden_cases("npy.json");
  ASSERT_EQ(golden.size(), 3U);
  for (const Json& one : golden)
    EXPECT_EQ(hash(one["shape"].get<engine::Dims>()), one["sha256"]) << one;
}

TEST(Npy, ReadsOrRefusesEveryMutation) {
  const std::string valid = npy("<f4", "(2, 3)", raw(kSix));
  const std::size_t data = valid.size() - 24;
  const Reader read = [](const std::string& file) {
    const NpyTensor result = tensor_of(file);
    return engine::to_text(std::span(result.tensor.dims())) +
           sha256_hex(std::as_bytes(result.tensor.values()));
  };
  const std::string reference = verdict(read, valid);
  std::size_t seen = 0;
  for_each_mutation(valid, read,
                    [&](const std::string& verdict, std::size_t position, bool prefix) {
                      ++seen;
                      // A flipped element is another number: .npy has no checksum.
                      if (!prefix && position >= data) return;
                      EXPECT_TRUE(verdict.starts_with("refused: a.npy: ") || verdict == reference)
                          << verdict << (prefix ? " prefix " : " flip ") << position;
                      EXPECT_TRUE(!prefix || verdict != reference) << position;
                    });
  EXPECT_EQ(seen, 3 * valid.size());
}

}  // namespace
}  // namespace apatite::image
