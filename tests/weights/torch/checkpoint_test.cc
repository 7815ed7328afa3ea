#include "weights/torch/checkpoint.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "goldens.h"
#include "tests/support/mutations.h"
#include "tests/weights/torch/raw_pickle.h"

namespace apatite::weights::torch {
namespace {

using raw::dict;
using raw::floats;
using raw::legacy_checkpoint;
using raw::tensor;
using raw::zip_checkpoint;

constexpr std::string_view kDamaged = "; the file is damaged or cut off: copy or download it again";
constexpr std::string_view kSaveAgain =
    "; load it with torch.load and save it again with torch.save";
constexpr std::string_view kGiveTorch = "; give a file that torch.save wrote";
constexpr std::string_view kBigEndian =
    "f: a checkpoint of a big-endian machine; load and save it again with torch on a "
    "little-endian one";

std::string damaged(std::string_view what) { return "f: " + std::string(what).append(kDamaged); }

// Every tensor with its type, sizes and values.
std::string show(const std::string& bytes, std::string_view key = {}) {
  const Checkpoint checkpoint(as_bytes(bytes), "f", key);
  std::string text;
  for (const StoredTensor& tensor : checkpoint.tensors()) {
    text += tensor.name + " " + std::string(dtype_name(tensor.dtype)) + " " +
            engine::to_text(std::span<const std::int64_t>(tensor.dims)) + ":";
    if (is_decodable(tensor.dtype)) {
      const LoadedValues loaded = checkpoint.load(tensor);
      for (const float value : loaded.values.values()) text += " " + to_text(value);
    }
    text += ";";
  }
  return text;
}

std::string outcome(const std::string& bytes, std::string_view key = {},
                    ErrorKind kind = ErrorKind::kBadFile) {
  try {
    return show(bytes, key);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    return error.what();
  }
}

std::string one_tensor(const raw::RawTensor& t) { return dict({{"a", tensor(t)}}); }

// What becomes of a tensor on a storage of eight floats 0 ... 7.
std::string view_outcome(const engine::Dims& dims, const engine::Dims& strides,
                         std::int64_t offset = 0) {
  return outcome(
      zip_checkpoint(one_tensor({.count = 8, .dims = dims, .strides = strides, .offset = offset}),
                     {floats({0, 1, 2, 3, 4, 5, 6, 7})}));
}

// Element `offset` of such a storage as a scalar, beside a vector (lone numbers make no state
// dict).
std::string scalar_outcome(std::int64_t offset) {
  const std::string vector = tensor({.count = 8, .dims = {1}, .strides = {1}});
  return outcome(
      zip_checkpoint(dict({{"a", tensor({.count = 8, .offset = offset})}, {"z", vector}}),
                     {floats({0, 1, 2, 3, 4, 5, 6, 7})}));
}

class Views : public testing::TestWithParam<const char*> {};

TEST_P(Views, EqualTorchs) {
  const std::string bytes = golden(GetParam());
  const Checkpoint checkpoint(as_bytes(bytes), GetParam());
  const Json expected = golden_expectations()["tensors"];
  std::size_t compared = 0;
  for (const StoredTensor& stored : checkpoint.tensors()) {
    if (stored.name == "long") {
      EXPECT_EQ(stored.dtype, DType::kI64);
      EXPECT_THROW((void)checkpoint.load(stored), Error);
      continue;
    }
    const Json& want = expected.at(stored.name);
    const engine::Tensor values = checkpoint.load(stored).values;
    EXPECT_EQ(values.dims(), want["dims"].get<engine::Dims>()) << stored.name;
    ASSERT_EQ(values.size(), want["values"].size()) << stored.name;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float torchs = want["values"][i].get<float>() + 0.0F;  // there is one zero
      EXPECT_EQ(std::bit_cast<std::uint32_t>(values.data()[i]),
                std::bit_cast<std::uint32_t>(torchs))
          << stored.name << " " << i;
    }
    ++compared;
  }
  EXPECT_EQ(compared, expected.size());
}

INSTANTIATE_TEST_SUITE_P(Checkpoint, Views, testing::Values("views.pth", "views_legacy.pth"));

TEST(Checkpoint, CountsRoundingsAndNegativeZeros) {
  const std::string bytes = golden("views.pth");
  const Checkpoint checkpoint(as_bytes(bytes), "f");
  for (const StoredTensor& stored : checkpoint.tensors()) {
    if (stored.name != "half" && stored.name != "double") continue;
    const LoadedValues loaded = checkpoint.load(stored);
    EXPECT_EQ(loaded.report.negative_zeros, stored.name == "half" ? 1 : 0);
    EXPECT_EQ(loaded.report.rounded, stored.name == "double" ? 1 : 0);
    const double relative = std::abs((static_cast<double>(0.1F) - 0.1) / 0.1);
    EXPECT_EQ(loaded.largest_relative_change, stored.name == "double" ? relative : 0);
  }
}

TEST(Checkpoint, GathersViews) {
  EXPECT_EQ(view_outcome({2, 4}, {4, 1}), "a F32 2x4: 0 1 2 3 4 5 6 7;");
  EXPECT_EQ(view_outcome({4, 2}, {1, 4}), "a F32 4x2: 0 4 1 5 2 6 3 7;");
  EXPECT_EQ(view_outcome({2}, {3}, 4), "a F32 2: 4 7;");
  EXPECT_EQ(scalar_outcome(7), "a F32 scalar: 7;z F32 1: 0;");
  EXPECT_EQ(view_outcome({1, 2}, {100, 1}), "a F32 1x2: 0 1;");
  EXPECT_EQ(view_outcome({0, 5}, {5, 1}, 8), "a F32 0x5:;");
}

TEST(Checkpoint, RefusesViewsThatLeaveTheirStorage) {
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(view_outcome({9}, {1}), damaged("tensor a (9) leaves its storage of 8 elements"));
  EXPECT_EQ(view_outcome({2}, {8}), damaged("tensor a (2) leaves its storage of 8 elements"));
  EXPECT_EQ(view_outcome({2, 4}, {4, 1}, 1),
            damaged("tensor a (2x4) leaves its storage of 8 elements"));
  EXPECT_EQ(view_outcome({3}, {kHuge / 2 + 1}),
            damaged("tensor a (3) leaves its storage of 8 elements"));
  EXPECT_EQ(view_outcome({kHuge, kHuge}, {1, 1}),
            damaged("tensor a (9223372036854775807x9223372036854775807) leaves its storage of 8 "
                    "elements"));
  EXPECT_EQ(scalar_outcome(8), damaged("tensor a (scalar) leaves its storage of 8 elements"));
  EXPECT_EQ(view_outcome({1}, {1}, 9), damaged("tensor a begins after the end of its storage"));
}

TEST(Checkpoint, RefusesExpandedViews) {
  const std::string remedy = "; save a copy: tensor.contiguous()";
  EXPECT_EQ(
      view_outcome({1 << 30, 1 << 30}, {0, 0}),
      "f: tensor a (1073741824x1073741824) repeats its elements (a view made by expand)" + remedy);
  EXPECT_EQ(view_outcome({3, 3}, {1, 1}),
            "f: tensor a (3x3) repeats its elements (a view made by expand)" + remedy);
  EXPECT_EQ(outcome(golden("expanded.pth")),
            "f: tensor weight (1000x1000) repeats its elements (a view made by expand)" + remedy);
}

TEST(Checkpoint, RefusesSizesThatNoTensorHas) {
  EXPECT_EQ(view_outcome({2}, {}), damaged("tensor a has as many strides as no tensor has"));
  EXPECT_EQ(view_outcome({-1}, {1}),
            damaged("tensor a has a size, stride or offset that is no whole number from 0 on"));
  EXPECT_EQ(view_outcome({2}, {-1}),
            damaged("tensor a has a size, stride or offset that is no whole number from 0 on"));
  EXPECT_EQ(view_outcome(engine::Dims(9, 1), engine::Dims(9, 1)),
            damaged("tensor a has sizes that no tensor has"));
}

TEST(Checkpoint, RefusesStoragesOfAnotherSize) {
  const std::string body = one_tensor({.count = 3, .dims = {3}, .strides = {1}});
  EXPECT_EQ(outcome(zip_checkpoint(body, {floats({1, 2})})),
            damaged("storage 0 has 8 bytes, its pickle says 12"));
  EXPECT_EQ(outcome(zip_checkpoint(body, {floats({1, 2, 3, 4})})),
            damaged("storage 0 has 16 bytes, its pickle says 12"));
  EXPECT_EQ(outcome(zip_checkpoint(body, {})), damaged("storage 0 is missing"));
  EXPECT_EQ(outcome(legacy_checkpoint(body, {{"0", 2, floats({1, 2})}})),
            damaged("holds 2 elements for storage 0, its pickle says 3"));
  EXPECT_EQ(outcome(legacy_checkpoint(body, {{"0", 3, floats({1, 2})}})),
            damaged("ends inside its storages"));
  const std::string huge =
      one_tensor({.count = std::int64_t{1} << 48, .dims = {1}, .strides = {1}});
  EXPECT_EQ(outcome(legacy_checkpoint(huge, {{"0", std::uint64_t{1} << 48, floats({1})}})),
            damaged("ends inside its storages"));
  EXPECT_EQ(outcome(zip_checkpoint(
                one_tensor({.count = (std::int64_t{1} << 48) + 1, .dims = {1}, .strides = {1}}),
                {floats({1})})),
            "f: a storage in its pickle is not as torch writes it" + std::string(kSaveAgain));
}

TEST(Checkpoint, ReadsLegacyViews) {
  const auto body = [](std::int64_t first, std::int64_t count) {
    return one_tensor(
        {.count = 4,
         .dims = {2},
         .strides = {1},
         .offset = 1,
         .view = raw::tuple({raw::text("v"), raw::integer(first), raw::integer(count)})});
  };
  const raw::RawStorage storage{"0", 4, floats({1, 2, 3, 4})};
  EXPECT_EQ(outcome(legacy_checkpoint(body(1, 3), {storage})), "a F32 2: 3 4;");
  EXPECT_EQ(outcome(legacy_checkpoint(body(1, 2), {storage})),
            damaged("tensor a (2) leaves its storage of 2 elements"));
  EXPECT_EQ(outcome(legacy_checkpoint(body(2, 3), {storage})),
            damaged("a view of storage 0 leaves it"));
}

TEST(Checkpoint, RefusesABrokenLegacyFile) {
  const std::string body = one_tensor({.count = 1, .dims = {1}, .strides = {1}});
  const raw::RawStorage storage{"0", 1, floats({1})};
  EXPECT_EQ(outcome(legacy_checkpoint(body, {storage})), "a F32 1: 1;");
  EXPECT_EQ(outcome(legacy_checkpoint(body, {storage, storage})),
            damaged("storage 0 is there twice"));
  EXPECT_EQ(outcome(legacy_checkpoint(body, {storage, {"1", 1, floats({1})}})),
            damaged("lists a storage that its pickle does not use"));
  EXPECT_EQ(outcome(legacy_checkpoint(body, {})), damaged("storage 0 is missing"));
  EXPECT_EQ(outcome(legacy_checkpoint(body, {storage}) + "x"),
            damaged("has bytes after its last storage"));
  EXPECT_EQ(outcome(legacy_checkpoint(body, {storage}, "\x89")), kBigEndian);
  EXPECT_EQ(outcome(raw::legacy_magic() + raw::pickle(raw::integer(1002))),
            damaged("is of an unknown version of the legacy format"));
  const std::string two_types =
      dict({{"a", tensor({.count = 1, .dims = {1}, .strides = {1}})},
            {"b", tensor({.count = 1, .dims = {1}, .strides = {1}, .type = "DoubleStorage"})}});
  EXPECT_EQ(outcome(legacy_checkpoint(two_types, {storage})),
            damaged("storage 0 is used with two sizes"));
}

TEST(Checkpoint, RefusesAZipThatIsNoCheckpoint) {
  const std::string body = raw::pickle(one_tensor({.count = 0, .dims = {0}, .strides = {1}}));
  EXPECT_EQ(outcome(raw_zip({{.name = "x/readme", .data = "hello"}})),
            "f: a zip archive without data.pkl: no torch checkpoint" + std::string(kGiveTorch));
  EXPECT_EQ(outcome(raw_zip(
                {{.name = "x/data.pkl", .data = body}, {.name = "y/data.pkl", .data = body}})),
            "f: a zip archive with more than one data.pkl" + std::string(kSaveAgain));
  EXPECT_EQ(outcome(raw_zip({{.name = "x/data.pkl", .data = body},
                             {.name = "x/constants.pkl", .data = "\x80\x02)."}})),
            "f: a TorchScript program, not a checkpoint; save its weights: "
            "torch.save(torch.jit.load(FILE).state_dict(), \"weights.pth\")");
  EXPECT_EQ(outcome(raw_zip(
                {{.name = "x/data.pkl", .data = body}, {.name = "x/byteorder", .data = "big"}})),
            kBigEndian);
  EXPECT_EQ(outcome(raw_zip({{.name = "x/data.pkl", .data = body + "N"}})),
            "f: its data.pkl has bytes after the pickle's end" + std::string(kSaveAgain));
}

TEST(Checkpoint, NamesOtherFormats) {
  EXPECT_EQ(outcome(""), damaged("is empty"));
  EXPECT_EQ(outcome("hello"),
            "f: is neither of torch's formats (zip, legacy)" + std::string(kGiveTorch));
  EXPECT_EQ(outcome(std::string(257, 'x') + "ustar"),
            "f: is a tar archive, the format of torch before 0.1.10" + std::string(kSaveAgain));
  EXPECT_EQ(outcome("\x89HDF\r\n"),
            "f: is an HDF5 file (Keras), which is not read yet" + std::string(kGiveTorch));
  EXPECT_EQ(outcome(std::string("\x10\0\0\0\0\0\0\0{}", 10)),
            "f: seems to be a safetensors file, not a torch checkpoint" + std::string(kGiveTorch));
  EXPECT_EQ(outcome("\x80\x04N."),
            "f: is a pickle without torch's magic number" + std::string(kSaveAgain));
}

TEST(Checkpoint, RefusesRealFilesThatCallSomething) {
  const std::string call =
      "f: refused: the pickle calls posix.system, which no state dict needs (nothing was "
      "executed); save the weights alone: torch.save(model.state_dict(), \"weights.pth\")";
  EXPECT_EQ(outcome(golden("calls_system.pth")), call);
  EXPECT_EQ(outcome(golden("calls_system_legacy.pth")), call);
  EXPECT_EQ(outcome(golden("module.pth")),
            "f: refused: the pickle calls torch.nn.modules.linear.Linear, which no state dict "
            "needs (nothing was executed); save the weights alone: "
            "torch.save(model.state_dict(), \"weights.pth\")");
}

// A dict with one tensor, whose value is `value`.
std::string weights(float value) {
  return dict({{"w", tensor({.key = std::to_string(static_cast<int>(value)),
                             .count = 1,
                             .dims = {1},
                             .strides = {1}})}});
}
std::string nested(const std::vector<std::pair<std::string, std::string>>& items) {
  return zip_checkpoint(dict(items), {floats({0}), floats({1}), floats({2})});
}

TEST(Checkpoint, FindsTheStateDict) {
  EXPECT_EQ(outcome(nested({{"anything", weights(1)}})), "w F32 1: 1;");
  EXPECT_EQ(outcome(nested({{"ema", weights(2)}, {"state_dict", weights(1)}})), "w F32 1: 1;");
  EXPECT_EQ(outcome(nested({{"model", weights(1)}, {"model_ema", weights(2)}})), "w F32 1: 1;");
  EXPECT_EQ(outcome(nested({{"model", weights(2)}, {"state_dict", weights(1)}})), "w F32 1: 1;");
  EXPECT_EQ(outcome(nested({{"a", dict({{"b", weights(1)}})}})), "w F32 1: 1;");
  // A lone number beside it makes no state dict, nor do an optimiser's numbered dicts.
  const std::string scalar = tensor({.key = "2", .count = 1});
  const std::string state = "}" + raw::integer(0) + weights(2) + "s";
  EXPECT_EQ(outcome(nested(
                {{"best", scalar}, {"optimizer", dict({{"state", state}})}, {"net", weights(1)}})),
            "w F32 1: 1;");
}

TEST(Checkpoint, TakesTheKeyThatIsGiven) {
  const std::string bytes =
      nested({{"state_dict", weights(1)}, {"a", dict({{"b", weights(2)}})}, {"n", "N"}});
  EXPECT_EQ(outcome(bytes, "a/b"), "w F32 1: 2;");
  EXPECT_EQ(outcome(bytes, "c", ErrorKind::kUsage),
            "f: has no dict at the key c; dicts of tensors are at: state_dict, a/b");
  EXPECT_EQ(outcome(bytes, "n", ErrorKind::kUsage),
            "f: holds no tensors at the key n; dicts of tensors are at: state_dict, a/b");
}

TEST(Checkpoint, AsksWhenSeveralDictsCouldBeMeant) {
  EXPECT_EQ(
      outcome(nested({{"teacher", weights(1)}, {"student", weights(2)}}), {}, ErrorKind::kUsage),
      "f: holds 2 dicts of tensors: teacher, student; say which with --key");
}

TEST(Checkpoint, RefusesAFileWithoutTensors) {
  const std::string remedy =
      "; save the weights alone: torch.save(model.state_dict(), \"weights.pth\")";
  EXPECT_EQ(outcome(nested({{"epoch", raw::integer(1)}})),
            "f: holds no dict of tensors (its outermost value is a dict)" + remedy);
  EXPECT_EQ(outcome(zip_checkpoint("]", {})),
            "f: holds no dict of tensors (its outermost value is a list)" + remedy);
  // A dict that holds itself.
  EXPECT_EQ(
      outcome(zip_checkpoint(std::string("}q\0", 3) + raw::text("a") + std::string("h\0s", 3), {})),
      "f: holds no dict of tensors (its outermost value is a dict)" + remedy);
}

TEST(Checkpoint, RefusesANameThatIsThereTwice) {
  const std::string one = tensor({.key = "0", .count = 1, .dims = {1}, .strides = {1}});
  EXPECT_EQ(outcome(nested({{"w", one}, {"w", one}})),
            "f: tensor w is there twice" + std::string(kSaveAgain));
}

TEST(Checkpoint, ZipMutationsAreRefusedOrReadTheSame) {
  const std::string valid = golden("views.pth");
  const std::string same = "read: " + show(valid);
  std::size_t refused = 0;
  for_each_mutation(
      valid, [](const std::string& bytes) { return show(bytes); },
      [&](const std::string& verdict, std::size_t position, bool prefix) {
        if (verdict.starts_with("refused: ")) {
          ++refused;
        } else {
          EXPECT_FALSE(prefix) << position;
          EXPECT_EQ(verdict, same) << position;
        }
      });
  EXPECT_GT(refused, valid.size());
}

// The format has no checksums: a flipped byte of a value is another value. Nothing else may change
// with it.
TEST(Checkpoint, LegacyMutationsAreRefusedOrChangeOneTensor) {
  const std::string body =
      dict({{"a", tensor({.key = "0", .count = 2, .dims = {2}, .strides = {1}})},
            {"b", tensor({.key = "1", .count = 1, .dims = {1}, .strides = {1}})}});
  const std::string valid =
      legacy_checkpoint(body, {{"0", 2, floats({1, 2})}, {"1", 1, floats({3})}});
  const std::size_t values = valid.find(floats({1, 2}));
  std::size_t refused = 0;
  for_each_mutation(
      valid, [](const std::string& bytes) { return show(bytes); },
      [&](const std::string& verdict, std::size_t position, bool prefix) {
        if (verdict.starts_with("refused: ")) {
          ++refused;
          return;
        }
        EXPECT_FALSE(prefix) << position;
        if (position < values) return;
        const bool first = position < values + 8;
        EXPECT_EQ(verdict.find("a F32 2: 1 2;") == std::string::npos, first) << position;
        EXPECT_EQ(verdict.find("b F32 1: 3;") == std::string::npos, !first) << position;
      });
  EXPECT_GT(refused, valid.size());
}

TEST(Checkpoint, RealLegacyFileMutationsAreWellBehaved) {
  const std::string valid = golden("views_legacy.pth");
  std::size_t refused = 0;
  for_each_mutation(
      valid, [](const std::string& bytes) { return show(bytes); },
      [&](const std::string& verdict, std::size_t position, bool prefix) {
        refused += verdict.starts_with("refused: ") ? 1 : 0;
        EXPECT_TRUE(!prefix || verdict.starts_with("refused: ")) << position;
      });
  EXPECT_GT(refused, valid.size());
}

}  // namespace
}  // namespace apatite::weights::torch
