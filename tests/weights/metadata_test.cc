#include "weights/metadata.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/weights/small_network.h"

namespace apatite::weights {
namespace {

// What is refused when `key` has this text; "" leaves the key out.
std::string refusal(const std::string& key, const std::string& text,
                    const WeightsMetadata& from = small_metadata()) {
  StringMap strings = to_strings(from);
  strings.erase(key);
  if (!text.empty()) strings.emplace(key, text);
  try {
    metadata_from_strings(strings, "w");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadFile);
    return error.what();
  }
  return "accepted";
}

TEST(Metadata, ReadsBackTheSame) {
  const WeightsMetadata full = small_metadata();
  EXPECT_TRUE(metadata_from_strings(to_strings(full), "w") == full);

  WeightsMetadata least;
  least.model = models::default_config("resnet18");
  least.model.classes = 1;
  least.class_names = {"malignant"};
  EXPECT_TRUE(metadata_from_strings(to_strings(least), "w") == least);
  least.class_names = default_class_names(least.model);
  EXPECT_EQ(least.class_names, (std::vector<std::string>{"negative", "positive"}));
  EXPECT_TRUE(metadata_from_strings(to_strings(least), "w") == least);
  least.model.classes = 3;
  least.class_names = default_class_names(least.model);
  EXPECT_EQ(least.class_names, (std::vector<std::string>{"0", "1", "2"}));
}

TEST(Metadata, IgnoresOtherProgramsKeys) { EXPECT_EQ(refusal("format", "pt"), "accepted"); }

TEST(Metadata, RefusesAnotherFormatAndUnknownKeys) {
  EXPECT_EQ(refusal("apatite.format", ""),
            "w: is safetensors, but lacks the metadata \"apatite.format\"; make a weights file "
            "with `apatite convert` or `apatite init`");
  EXPECT_EQ(refusal("apatite.format", "2"),
            "w: is a weights file of format \"2\", this apatite reads format 1; use the apatite "
            "that wrote it, or a later one");
  EXPECT_EQ(refusal("apatite.colour", "red"),
            "w: has the metadata \"apatite.colour\", which this apatite does not know; it was "
            "written by a later one: use that");
}

TEST(Metadata, RefusesABadModel) {
  EXPECT_EQ(refusal("apatite.model", ""),
            "w: is safetensors, but lacks the metadata \"apatite.model\"; make a weights file with "
            "`apatite convert` or `apatite init`");
  EXPECT_EQ(refusal("apatite.model", "{"), "w, apatite.model: is not valid JSON at byte 2");
  EXPECT_EQ(refusal("apatite.model", R"({"architecture":"a","architecture":"b"})"),
            "w, apatite.model: JSON has the key \"architecture\" twice; remove one of them");
  EXPECT_NE(refusal("apatite.model", R"({"architecture":"resnet19"})").find("resnet18"),
            std::string::npos);
  EXPECT_NE(refusal("apatite.model", R"({"architecture":"resnet18","classes":0})"), "accepted");
  EXPECT_NE(refusal("apatite.model", "[]"), "accepted");
}

TEST(Metadata, RefusesBadClassNames) {
  EXPECT_EQ(refusal("apatite.classes", R"(["a"])"), "w: there are 1 class names for 2 logits");
  EXPECT_EQ(refusal("apatite.classes", R"(["a","b","c"])"),
            "w: there are 3 class names for 2 logits");
  EXPECT_EQ(refusal("apatite.classes", R"(["a","a"])"), "w: the class name \"a\" is there twice");
  EXPECT_EQ(refusal("apatite.classes", R"(["a",""])"), "w: a class name is empty");
  EXPECT_EQ(refusal("apatite.classes", R"(["a","b\nc"])"),
            "w: the class name \"b\\x0ac\" holds a control character");
  EXPECT_EQ(refusal("apatite.classes", R"(["a",2])"),
            "w, apatite.classes: is not a JSON array of strings");
  EXPECT_EQ(refusal("apatite.classes", R"({"a":"b"})"),
            "w, apatite.classes: is not a JSON array of strings");
  EXPECT_EQ(refusal("apatite.classes", "[\"" + std::string(5'000'000, 'a') + "\",\"b\"]"),
            "w, apatite.classes: has 5,000,008 bytes, more than the 4,194,304 allowed");
}

TEST(Metadata, RefusesABadRecipeAndSource) {
  EXPECT_EQ(refusal("apatite.recipe", "[1]"), "w: the recipe is not a JSON object");
  EXPECT_EQ(refusal("apatite.recipe", "{} {}"), "w, apatite.recipe: is not valid JSON at byte 4");
  EXPECT_EQ(refusal("apatite.source.name", ""),
            "w: the source has a name or a SHA-256, but not both");
  EXPECT_EQ(refusal("apatite.source.sha256", "12"), "w: the source's hash is no SHA-256");
  EXPECT_EQ(refusal("apatite.source.sha256", std::string(64, 'A')),
            "w: the source's hash is no SHA-256");
}

TEST(Metadata, RefusesABadSelfTest) {
  const auto with = [](const char* key, const Json& value) {
    Json test = {{"contract", 1},
                 {"input", {1, 6, 5}},
                 {"seed", 1},
                 {"logits_sha256", std::string(64, '0')}};
    test[key] = value;
    return refusal("apatite.self_test", test.dump());
  };
  EXPECT_EQ(with("seed", 2), "accepted");
  EXPECT_NE(with("seed", -1), "accepted");
  EXPECT_NE(with("seed", 1.5), "accepted");
  EXPECT_NE(with("contract", 0), "accepted");
  EXPECT_NE(with("colour", 1), "accepted");
  EXPECT_NE(with("input", {1, 6}), "accepted");
  EXPECT_NE(with("input", {1, 6, 5, 1}), "accepted");
  EXPECT_NE(with("input", {1, 6, 1025}), "accepted");
  EXPECT_EQ(with("input", {3, 6, 5}),
            "w: the self-test's input is 3x6x5 (1 channels and 1 to 1024 rows and columns are "
            "possible)");
  EXPECT_EQ(with("logits_sha256", "0"), "w: the self-test's hash is no SHA-256");
}

TEST(Metadata, IsNotWrittenWhenItCouldNotBeRead) {
  const auto refused = [](auto&& change) {
    WeightsMetadata metadata = small_metadata();
    change(metadata);
    try {
      to_strings(metadata);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::kUsage;
    }
    return false;
  };
  EXPECT_FALSE(refused([](WeightsMetadata&) {}));
  EXPECT_TRUE(refused([](WeightsMetadata& m) { m.class_names = {"a", "a"}; }));
  EXPECT_TRUE(refused([](WeightsMetadata& m) { m.class_names = {"a", "\xff"}; }));
  EXPECT_TRUE(refused([](WeightsMetadata& m) { m.recipe = Json::array(); }));
  EXPECT_TRUE(refused([](WeightsMetadata& m) { m.source_sha256 = "?"; }));
  EXPECT_TRUE(refused([](WeightsMetadata& m) { m.self_test->input.height = 0; }));
  EXPECT_TRUE(refused([](WeightsMetadata& m) { m.self_test->seed = ~std::uint64_t{0}; }));
  EXPECT_TRUE(refused([](WeightsMetadata& m) { m.model.architecture = "resnet19"; }));
}

}  // namespace
}  // namespace apatite::weights
