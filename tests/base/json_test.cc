#include "base/json.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace apatite {
namespace {

std::string refusal(std::string_view text) {
  try {
    parse_json(text, "x.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadFile);
    return error.what();
  }
  return "accepted";
}

TEST(Json, ReadsOneValue) {
  EXPECT_EQ(parse_json(" {\"a\": [1, 2.5, null]} \n", "x.json")["a"][1], 2.5);
}

TEST(Json, RefusesDuplicateKeys) {
  EXPECT_EQ(refusal(R"({"a": {"b": 1, "b": 2}})"),
            "x.json: JSON has the key \"b\" twice; remove one of them");
}

TEST(Json, RefusesBytesAfterTheValue) {
  EXPECT_NE(refusal("{} x"), "accepted");
  EXPECT_NE(refusal(std::string_view("{}\0", 3)), "accepted");
  EXPECT_NE(refusal("{}{}"), "accepted");
}

TEST(Json, RefusesDeepNestingAndOverflow) {
  EXPECT_NE(refusal(std::string(100'000, '[')), "accepted");
  EXPECT_NE(refusal("[1e999]"), "accepted");
  EXPECT_NE(refusal(""), "accepted");
}

TEST(Json, WritesSortedKeys) {
  EXPECT_EQ(to_text(Json{{"b", 0.1}, {"a", 1}}), "{\n  \"a\": 1,\n  \"b\": 0.1\n}\n");
}

}  // namespace
}  // namespace apatite
