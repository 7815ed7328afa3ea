#include "weights/safetensors/safetensors.h"

#include <gtest/gtest.h>

#include <cctype>
#include <limits>
#include <map>

#include "base/error.h"
#include "base/sha256.h"
#include "tests/support/mutations.h"
#include "tests/support/temporary_folder.h"
#include "tests/weights/safetensors/raw_safetensors.h"
#include "weights/init.h"

namespace apatite::weights {
namespace {

constexpr std::string_view kDamaged =
    "; the file is damaged, or not written by the rules of the format";
constexpr std::string_view kOtherFormat =
    "; pass a safetensors file (`apatite convert` makes one from .pth, .pt or .th)";

std::string refusal(const std::string& file) {
  try {
    parse_safetensors(as_bytes(file), "w");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadFile);
    return error.what();
  }
  return "accepted";
}

std::string damaged(std::string_view what) { return "w: " + std::string(what).append(kDamaged); }
std::string other(std::string_view what) { return "w: " + std::string(what).append(kOtherFormat); }

// The refusal of a file whose only tensor "a" has these fields and whose data is 16 bytes.
std::string entry_refusal(std::string_view dtype, std::string_view shape,
                          std::string_view offsets) {
  return refusal(raw_safetensors(one_entry(dtype, shape, offsets), std::string(16, '\0')));
}

TEST(Safetensors, ReadsWhatTheFormatAllows) {
  const std::string file =
      raw_safetensors(R"({"b":{"shape":[2],"data_offsets":[4,12],"dtype":"F32"},)"
                      R"("empty":{"dtype":"F32","shape":[0,3],"data_offsets":[4,4]},)"
                      R"("__metadata__":{"k":"v"},)"
                      R"("a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   )",
                      little_endian({1.5F, -2.0F, 3.0F}));
  const SafetensorsHeader header = parse_safetensors(as_bytes(file), "w");
  EXPECT_EQ(header.metadata, (StringMap{{"k", "v"}}));
  ASSERT_EQ(header.tensors.size(), 3U);
  EXPECT_EQ(header.find("nothing"), nullptr);
  const TensorEntry* b = header.find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->dims, (engine::Dims{2}));
  const engine::Tensor values = load_tensor(header.bytes_of(*b, as_bytes(file)), *b, "w").values;
  EXPECT_EQ(values.data()[0], -2.0F);
  EXPECT_EQ(values.data()[1], 3.0F);
  EXPECT_EQ(header.find("a")->dims, engine::Dims());
  EXPECT_EQ(header.find("empty")->dims, (engine::Dims{0, 3}));
}

TEST(Safetensors, RefusesABadHeaderLength) {
  EXPECT_EQ(refusal(""), other("is empty"));
  EXPECT_EQ(refusal("1234567"), other("has only 7 bytes, fewer than the header's length takes"));
  EXPECT_EQ(refusal(raw_safetensors(3, "{}", "")),
            other("is truncated or not safetensors: it announces a header of 3 bytes, but only 2 "
                  "follow"));
  EXPECT_EQ(refusal(raw_safetensors(std::numeric_limits<std::uint64_t>::max(), "{}", "")),
            other("is truncated or not safetensors: it announces a header of 18446744073709551615 "
                  "bytes, but only 2 follow"));
  EXPECT_EQ(refusal(raw_safetensors(100'000'001, std::string(100'000'001, ' '), "")),
            other("announces a header of 100000001 bytes, more than the format's limit of "
                  "100000000"));
  EXPECT_EQ(refusal(raw_safetensors(" {}", "")),
            other("is not safetensors: its header does not begin with '{'"));
  EXPECT_EQ(refusal(raw_safetensors("", "{}")),
            other("is not safetensors: its header does not begin with '{'"));
}

TEST(Safetensors, RefusesBadJson) {
  EXPECT_EQ(refusal(raw_safetensors("{", "")),
            damaged("its header is not valid JSON at byte 2 of the header"));
  EXPECT_NE(refusal(raw_safetensors("{}x", "")), "accepted");
  EXPECT_NE(refusal(raw_safetensors("{}{}", "")), "accepted");
  EXPECT_EQ(refusal(raw_safetensors(std::string("{}\0", 3), "")), "w: JSON has a NUL at byte 2");
  EXPECT_NE(refusal(raw_safetensors("{\"\xff\":1}", "")), "accepted");  // not UTF-8
  EXPECT_EQ(refusal(raw_safetensors("{" + std::string(100'000, '['), "")),
            damaged("its header is not valid JSON at byte 2 of the header"));
  EXPECT_EQ(refusal(raw_safetensors(R"({"a":)" + std::string(100'000, '['), "")),
            damaged("the entry of tensor \"a\" must be an object, but is an array"));
}

TEST(Safetensors, RefusesDuplicates) {
  const std::string entry = R"("a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  EXPECT_EQ(refusal(raw_safetensors("{" + entry + "," + entry + "}", "")),
            damaged("tensor \"a\" is there twice"));
  EXPECT_EQ(refusal(raw_safetensors(R"({"a":{"dtype":"U8","dtype":"U8"}})", "")),
            damaged("tensor \"a\" has the field \"dtype\" twice"));
  EXPECT_EQ(refusal(raw_safetensors(R"({"a":{"shape":[],"shape":[]}})", "")),
            damaged("tensor \"a\" has the field \"shape\" twice"));
  EXPECT_EQ(refusal(raw_safetensors(R"({"a":{"data_offsets":[0,0],"data_offsets":[0,0]}})", "")),
            damaged("tensor \"a\" has the field \"data_offsets\" twice"));
  EXPECT_EQ(refusal(raw_safetensors(R"({"__metadata__":{},"__metadata__":{}})", "")),
            damaged("its header has the key \"__metadata__\" twice"));
  EXPECT_EQ(refusal(raw_safetensors(R"({"__metadata__":{"k":"1","k":"1"}})", "")),
            damaged("metadata has the key \"k\" twice"));
}

TEST(Safetensors, RefusesWrongTypesOfValues) {
  EXPECT_EQ(refusal(raw_safetensors(R"({"__metadata__":[]})", "")),
            damaged("\"__metadata__\" must be an object, but is an array"));
  EXPECT_EQ(refusal(raw_safetensors(R"({"__metadata__":{"k":1}})", "")),
            damaged("metadata \"k\" must be a string, but is the number 1"));
  EXPECT_EQ(refusal(raw_safetensors(R"({"__metadata__":{"k":{}}})", "")),
            damaged("metadata \"k\" must be a string, but is an object"));
  EXPECT_EQ(refusal(raw_safetensors(R"({"a":null})", "")),
            damaged("the entry of tensor \"a\" must be an object, but is null"));
  EXPECT_EQ(entry_refusal("4", "[4]", "[0,16]"),
            damaged("\"dtype\" of tensor \"a\" must be a string, but is the number 4"));
  EXPECT_EQ(entry_refusal("\"F31\"", "[4]", "[0,16]"),
            damaged("tensor \"a\" has the unknown dtype \"F31\""));
  EXPECT_EQ(entry_refusal("\"f32\"", "[4]", "[0,16]"),
            damaged("tensor \"a\" has the unknown dtype \"f32\""));
  const std::string shape =
      "\"shape\" of tensor \"a\" must be an array of sizes from 0 to 2^48, but has ";
  EXPECT_EQ(entry_refusal("\"F32\"", "4", "[0,16]"), damaged(shape + "the number 4"));
  EXPECT_EQ(entry_refusal("\"F32\"", "[-4]", "[0,16]"), damaged(shape + "the number -4"));
  EXPECT_EQ(entry_refusal("\"F32\"", "[4.0]", "[0,16]"), damaged(shape + "the number \"4.0\""));
  EXPECT_EQ(entry_refusal("\"F32\"", "[[4]]", "[0,16]"), damaged(shape + "an array"));
  EXPECT_EQ(entry_refusal("\"F32\"", "[\"4\"]", "[0,16]"), damaged(shape + "the text \"4\""));
  EXPECT_EQ(entry_refusal("\"F32\"", "[true]", "[0,16]"), damaged(shape + "true"));
  EXPECT_EQ(entry_refusal("\"F32\"", "[18446744073709551616]", "[0,16]"),
            damaged(shape + "the number \"18446744073709551616\""));
  EXPECT_EQ(entry_refusal("\"F32\"", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,4]", "[0,16]"),
            damaged(shape + "more than 16 sizes"));
  const std::string offsets =
      "\"data_offsets\" of tensor \"a\" must be two unsigned 64-bit integers, but has ";
  EXPECT_EQ(entry_refusal("\"F32\"", "[4]", "16"), damaged(offsets + "the number 16"));
  EXPECT_EQ(entry_refusal("\"F32\"", "[4]", "[0]"), damaged(offsets + "1 of them"));
  EXPECT_EQ(entry_refusal("\"F32\"", "[4]", "[0,16,16]"), damaged(offsets + "the number 16"));
  EXPECT_EQ(entry_refusal("\"F32\"", "[4]", "[0,16.0]"), damaged(offsets + "the number \"16.0\""));
  EXPECT_EQ(entry_refusal("\"F32\"", "[4]", "[0,1.6e1]"),
            damaged(offsets + "the number \"1.6e1\""));
  EXPECT_EQ(entry_refusal("\"F32\"", "[4]", "[-1,16]"), damaged(offsets + "the number -1"));
}

TEST(Safetensors, RefusesMetadataWithoutEnd) {
  std::string keys = "{\"__metadata__\":{\"0\":\"\"";
  for (int i = 1; i < 65'536; ++i) keys += ",\"" + std::to_string(i) + "\":\"\"";
  EXPECT_EQ(refusal(raw_safetensors(keys + "}}", "")), "accepted");
  EXPECT_EQ(refusal(raw_safetensors(keys + ",\"more\":\"\"}}", "")),
            damaged("metadata has more than 65536 keys"));
}

TEST(Safetensors, RefusesUnknownAndMissingFields) {
  EXPECT_EQ(refusal(raw_safetensors(R"({"a":{"dtype":"U8","shape":[],"offsets":[0,1]}})", "1")),
            damaged("tensor \"a\" has the unknown field \"offsets\""));
  EXPECT_EQ(refusal(raw_safetensors(R"({"a":{}})", "")),
            damaged("tensor \"a\" lacks the field \"dtype\""));
  EXPECT_EQ(refusal(raw_safetensors(R"({"a":{"dtype":"U8","data_offsets":[0,1]}})", "1")),
            damaged("tensor \"a\" lacks the field \"shape\""));
  EXPECT_EQ(refusal(raw_safetensors(R"({"a":{"dtype":"U8","shape":[]}})", "1")),
            damaged("tensor \"a\" lacks the field \"data_offsets\""));
}

TEST(Safetensors, RefusesOverflowingSizes) {
  EXPECT_EQ(entry_refusal("\"F32\"", "[281474976710657]", "[0,16]"),
            damaged("\"shape\" of tensor \"a\" must be an array of sizes from 0 to 2^48, but has "
                    "the number 281474976710657"));
  // 2^33 * 2^31 * 4 bytes = 2^66, which is 0 modulo 2^64, and 2^62 + 4 elements, 16 modulo 2^64.
  EXPECT_EQ(entry_refusal("\"F32\"", "[8589934592,2147483648]", "[0,0]"),
            damaged("tensor \"a\" has the impossible shape 8589934592x2147483648"));
  EXPECT_EQ(entry_refusal("\"F32\"", "[4,1152921504606846977]", "[0,16]"),
            damaged("\"shape\" of tensor \"a\" must be an array of sizes from 0 to 2^48, but has "
                    "the number 1152921504606846977"));
  EXPECT_EQ(entry_refusal("\"F32\"", "[281474976710656,281474976710656,0]", "[0,0]"),
            damaged("tensor \"a\" has the impossible shape 281474976710656x281474976710656x0"));
  EXPECT_EQ(entry_refusal("\"F32\"", "[4]", "[18446744073709551600,18446744073709551615]"),
            damaged("tensor \"a\" is truncated: data_offsets [18446744073709551600, "
                    "18446744073709551615), but only 16 bytes follow the header"));
  EXPECT_EQ(entry_refusal("\"F32\"", "[4]", "[0,9223372036854775808]"),
            damaged("tensor \"a\" is truncated: data_offsets [0, 9223372036854775808), but only 16 "
                    "bytes follow the header"));
  EXPECT_EQ(entry_refusal("\"F32\"", "[4]", "[0,18446744073709551632]"),  // 16 modulo 2^64
            damaged("\"data_offsets\" of tensor \"a\" must be two unsigned 64-bit integers, but "
                    "has the number \"18446744073709551632\""));
  EXPECT_EQ(entry_refusal("\"F32\"", "[4]", "[16,0]"),
            damaged("tensor \"a\" ends before it begins: data_offsets [16, 0)"));
}

TEST(Safetensors, RefusesSizesThatDoNotFitTheShape) {
  EXPECT_EQ(entry_refusal("\"F32\"", "[2,3]", "[0,16]"),
            damaged("tensor \"a\" of F32 2x3 needs 24 bytes, but its data_offsets [0, 16) hold "
                    "16"));
  EXPECT_EQ(entry_refusal("\"F64\"", "[4]", "[0,16]"),
            damaged("tensor \"a\" of F64 4 needs 32 bytes, but its data_offsets [0, 16) hold 16"));
  EXPECT_EQ(entry_refusal("\"F4\"", "[33]", "[0,16]"),
            damaged("tensor \"a\" of F4 33 fills no whole number of bytes"));
}

TEST(Safetensors, RefusesOverlapHolesTruncationAndLeftOverBytes) {
  const auto two = [](std::string_view a, std::string_view b, std::size_t size) {
    std::string header = R"({"a":{"dtype":"U8","shape":[8],"data_offsets":)";
    header.append(a).append(R"(},"b":{"dtype":"U8","shape":[8],"data_offsets":)").append(b);
    return refusal(raw_safetensors(header.append("}}"), std::string(size, '\0')));
  };
  EXPECT_EQ(two("[0,8]", "[8,16]", 16), "accepted");
  EXPECT_EQ(two("[8,16]", "[0,8]", 16), "accepted");
  EXPECT_EQ(two("[0,8]", "[7,15]", 15),
            damaged("tensors \"a\" and \"b\" overlap: one ends at byte 8 of the data, the other "
                    "begins at 7"));
  EXPECT_EQ(two("[0,8]", "[0,8]", 8),
            damaged("tensors \"a\" and \"b\" overlap: one ends at byte 8 of the data, the other "
                    "begins at 0"));
  EXPECT_EQ(two("[0,8]", "[9,17]", 17),
            damaged("no tensor owns the bytes [8, 9) of the data, before tensor \"b\""));
  EXPECT_EQ(two("[1,9]", "[9,17]", 17),
            damaged("no tensor owns the bytes [0, 1) of the data, before tensor \"a\""));
  EXPECT_EQ(two("[0,8]", "[8,16]", 15),
            damaged("tensor \"b\" is truncated: data_offsets [8, 16), but only 15 bytes follow the "
                    "header"));
  EXPECT_EQ(two("[0,8]", "[8,16]", 17), damaged("1 bytes are left over after the last tensor"));
}

TEST(Safetensors, CutsLongNamesInMessages) {
  const std::string name(50'000'000, 'n');
  const std::string what = refusal(raw_safetensors("{\"" + name + "\":1}", ""));
  EXPECT_LT(what.size(), 500U);
  EXPECT_NE(what.find("nnn...\""), std::string::npos) << what;
}

std::string load_refusal(std::string_view dtype, std::string_view shape, std::string_view data) {
  const std::string range = "[0," + std::to_string(data.size()) + "]";
  const std::string file = raw_safetensors(one_entry(dtype, shape, range), data);
  const SafetensorsHeader header = parse_safetensors(as_bytes(file), "w");
  const TensorEntry& entry = header.tensors.at(0);
  try {
    load_tensor(header.bytes_of(entry, as_bytes(file)), entry, "w");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadFile);
    return error.what();
  }
  return "loaded";
}

TEST(Safetensors, RefusesNonFiniteElementsByNameAndIndex) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const std::string remedy = " in binary32; the training diverged, or the file is damaged";
  EXPECT_EQ(load_refusal("\"F32\"", "[2,2]", little_endian({0.0F, 1.0F, 2.0F, kNan})),
            "w: tensor \"a\" is not finite: element 3 is nan" + remedy);
  EXPECT_EQ(load_refusal("\"F32\"", "[2]", little_endian({-kInfinity, kNan})),
            "w: tensor \"a\" is not finite: element 0 is -inf" + remedy);
  EXPECT_EQ(load_refusal("\"F64\"", "[2]", little_endian({1.0, 1e300})),
            "w: tensor \"a\" is not finite: element 1 is inf" + remedy);
  EXPECT_EQ(load_refusal("\"F16\"", "[2]", little_endian<std::uint16_t>({0x7BFF, 0xFC00})),
            "w: tensor \"a\" is not finite: element 1 is -inf" + remedy);
  EXPECT_EQ(load_refusal("\"BF16\"", "[1]", little_endian<std::uint16_t>({0x7F80})),
            "w: tensor \"a\" is not finite: element 0 is inf" + remedy);
}

TEST(Safetensors, NamesADtypeThatItCannotDecode) {
  EXPECT_EQ(load_refusal("\"I64\"", "[1]", std::string(8, '\0')),
            "w: tensor \"a\" has the dtype I64, which is not a supported one; store it as F32, "
            "F16, BF16 or F64");
  EXPECT_NE(load_refusal("\"F8_E4M3\"", "[8]", std::string(8, '\0')), "loaded");
}

NamedTensors small_tensors() {
  NamedTensors tensors;
  tensors.emplace("w", engine::Tensor({2, 1, 1, 2}, std::vector<float>{1, -2.5F, 1e-42F, 3e38F}));
  tensors.emplace("b\n\"quoted\"", engine::Tensor({3}, std::vector<float>{0, 7, -9}));
  tensors.emplace("scalar", engine::Tensor({}, std::vector<float>{0.1F}));
  tensors.emplace("empty", engine::Tensor(engine::Dims{0, 4}));
  return tensors;
}

TEST(Safetensors, WhatIsWrittenReadsBackTheSame) {
  const TemporaryFolder folder;
  const StringMap metadata{{"z", "last"}, {"a", "\xC3\xA9\n{}"}};
  const NamedTensors tensors = small_tensors();
  write_safetensors(folder / "f", tensors, metadata);
  write_safetensors(folder / "g", tensors, metadata);
  EXPECT_EQ(read_file(folder / "f", 10'000), read_file(folder / "g", 10'000));

  const SafetensorsFile file(folder / "f");
  EXPECT_EQ(file.header().metadata, metadata);
  EXPECT_EQ(file.header().data_begin % 8, 0U);
  ASSERT_EQ(file.header().tensors.size(), tensors.size());
  for (const TensorEntry& entry : file.header().tensors) {
    const engine::Tensor& expected = tensors.at(entry.name);
    for (int repeat = 0; repeat < 2; ++repeat) {  // the second after its pages were released
      const engine::Tensor values = file.load(entry).values;
      EXPECT_EQ(values.dims(), expected.dims());
      EXPECT_TRUE(std::equal(values.values().begin(), values.values().end(),
                             expected.values().begin(), expected.values().end()));
    }
  }
}

TEST(Safetensors, HashesTheWholeFileInPieces) {
  const TemporaryFolder folder;
  NamedTensors tensors;
  tensors.emplace("large", seeded_tensor({"large", {1'500, 1'000}}, 1));  // 6 MB: two pieces
  write_safetensors(folder / "f", tensors, {});
  const SafetensorsFile file(folder / "f");
  EXPECT_EQ(file.sha256(), sha256_hex(file.bytes()));
  EXPECT_EQ(file.sha256(), sha256_file(folder / "f"));
}

TEST(Safetensors, TheWriterRefusesWhatCannotBeRead) {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& name, const StringMap& metadata) {
    NamedTensors tensors;
    tensors.emplace(name, engine::Tensor(engine::Dims{1}));
    try {
      write_safetensors(folder / "f", tensors, metadata);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::kUsage;
    }
    return false;
  };
  EXPECT_TRUE(refused("__metadata__", {}));
  EXPECT_TRUE(refused("\xff", {}));
  EXPECT_TRUE(refused("a", {{"k", "\xff"}}));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_FALSE(refused("a", {}));
}

TEST(Safetensors, RefusesAFolderAndAMissingFile) {
  const TemporaryFolder folder;
  const auto kind = [](const std::filesystem::path& path) {
    try {
      const SafetensorsFile file(path);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::kInternal;
  };
  EXPECT_EQ(kind(folder.path()), ErrorKind::kIo);
  EXPECT_EQ(kind(folder / "missing"), ErrorKind::kIo);
}

// Metadata, then the names, then dims and bits of every tensor in the order of the data.
std::string read_all(const std::string& bytes) {
  const SafetensorsHeader header = parse_safetensors(as_bytes(bytes), "w");
  std::string text;
  for (const auto& [key, value] : header.metadata) text += key + "=" + value + "\n";
  std::map<std::uint64_t, const TensorEntry*> in_order;
  for (const TensorEntry& entry : header.tensors) {
    text += entry.name + "\n";
    in_order.emplace(entry.begin, &entry);
  }
  std::string dims;
  std::string data;
  for (const auto& [begin, entry] : in_order) {
    dims += engine::to_text(std::span(entry->dims)) + "\n";
    const engine::Tensor values =
        load_tensor(header.bytes_of(*entry, as_bytes(bytes)), *entry, "w").values;
    data.append(reinterpret_cast<const char*>(values.data()), values.values().size_bytes());
  }
  // Whatever was changed, what is read is what the file says.
  EXPECT_EQ(dims, "2\n2x2\n");
  EXPECT_EQ(data, honest_data(bytes));
  return text + data;
}

TEST(Safetensors, EveryPrefixIsRefusedAndNoFlippedByteIsMisread) {
  const TemporaryFolder folder;
  NamedTensors tensors;
  tensors.emplace("weight", engine::Tensor({2, 2}, std::vector<float>{1, -2.5F, 3, 4}));
  tensors.emplace("bias", engine::Tensor({2}, std::vector<float>{0.5F, -7}));
  write_safetensors(folder / "f", tensors, {{"key", "text"}});
  const std::string valid = read_file(folder / "f", 10'000);
  const std::size_t data_begin = parse_safetensors(as_bytes(valid), "w").data_begin;
  const std::string honest = "read: " + read_all(valid);

  std::size_t refused = 0;
  std::size_t accepted = 0;
  for_each_mutation(valid, read_all, [&](const std::string& verdict, std::size_t at, bool prefix) {
    const bool is_refused = verdict.starts_with("refused: ");
    EXPECT_TRUE(is_refused || !prefix) << "a prefix of " << at << " bytes was read";
    EXPECT_NE(verdict, honest) << "the flipped byte " << at << " was not seen";
    // In the header, only a letter of a name, a metadata key or its text may change.
    const bool is_letter = std::isalpha(static_cast<unsigned char>(valid[at])) != 0;
    EXPECT_TRUE(is_refused || at >= data_begin || is_letter) << at;
    (is_refused ? refused : accepted) += 1;
  });
  EXPECT_GT(refused, valid.size() + data_begin);
  EXPECT_GT(accepted, 24U);  // at least the mantissas of the tensors
}

}  // namespace
}  // namespace apatite::weights
