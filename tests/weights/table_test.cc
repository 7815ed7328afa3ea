#include "weights/table.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"

namespace apatite::weights {
namespace {

const std::vector<engine::Parameter> kDeclared{{"conv.weight", {4, 3, 1, 1}}, {"bn.weight", {4}}};

std::string refusal(const std::vector<engine::Parameter>& declared,
                    const std::vector<TensorEntry>& present) {
  try {
    check_table(declared, present, "w");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadFile);
    return error.what();
  }
  return "accepted";
}

std::string does_not_fit(const std::string& list) {
  return "w: its tensors do not fit the network that it names: " + list +
         "; write it again with `apatite convert` or `apatite init`";
}

TEST(Table, AcceptsExactlyTheDeclaredTensors) {
  EXPECT_EQ(refusal(kDeclared, {{"conv.weight", DType::kF32, {4, 3, 1, 1}, 0, 48},
                                {"bn.weight", DType::kF16, {4}, 48, 56}}),
            "accepted");
}

TEST(Table, NamesEverythingAtOnce) {
  EXPECT_EQ(refusal(kDeclared, {{"bn.num_batches_tracked", DType::kI64, {}, 0, 8},
                                {"bn.weight", DType::kF64, {4}, 8, 40},
                                {"another", DType::kF32, {2, 2}, 40, 56}}),
            does_not_fit("missing \"conv.weight\" (4x3x1x1); \"bn.weight\" is F64, not F32; left "
                         "over \"another\" (2x2); left over \"bn.num_batches_tracked\" (scalar)"));
  EXPECT_EQ(refusal(kDeclared, {{"conv.weight", DType::kF32, {4, 3, 1}, 0, 48},
                                {"bn.weight", DType::kF32, {5}, 48, 68}}),
            does_not_fit("\"conv.weight\" is 4x3x1, not 4x3x1x1; \"bn.weight\" is 5, not 4"));
}

TEST(Table, CountsWhatDoesNotFitOneLine) {
  std::vector<TensorEntry> present{{"conv.weight", DType::kF32, {4, 3, 1, 1}, 0, 48},
                                   {"bn.weight", DType::kF32, {4}, 48, 64}};
  for (int i = 0; i < 10'000; ++i) {
    present.push_back({"extra." + std::to_string(i), DType::kF32, {0}, 64, 64});
  }
  const std::string what = refusal(kDeclared, present);
  EXPECT_LT(what.size(), 5000U);
  EXPECT_NE(what.find("left over \"extra.0\" (0)"), std::string::npos);
  EXPECT_NE(what.find(" more; write it again"), std::string::npos) << what;
}

TEST(Table, ChecksTensorsInMemory) {
  NamedTensors tensors;
  tensors.emplace("conv.weight", engine::Tensor(engine::Dims{4, 3, 1, 1}));
  EXPECT_THROW(check_table(kDeclared, tensors, "w"), Error);
  tensors.emplace("bn.weight", engine::Tensor(engine::Dims{4}));
  EXPECT_NO_THROW(check_table(kDeclared, tensors, "w"));
}

}  // namespace
}  // namespace apatite::weights
