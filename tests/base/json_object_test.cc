#include "base/json_object.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace apatite {
namespace {

// What reading `json` by `read` and finish() says; "read" if nothing is refused.
std::string verdict(const Json& json, const std::function<void(JsonObject&)>& read) {
  try {
    JsonObject object(json, "recipe");
    read(object);
    object.finish();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadFile);
    return error.what();
  }
  return "read";
}

TEST(JsonObject, ReadsEachFieldAsItsType) {
  const Json json = parse_json(
      R"({"size": 224, "sizes": [1, 2], "mode": "fast", "flag": true, "scale": 0.5, "any": null})",
      "test");
  JsonObject object(json, "test");
  EXPECT_EQ(object.integer("size", {1, 224}), 224);
  EXPECT_EQ(object.integers("sizes", {1, 2}), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(object.choice("mode", {"fast", "slow"}), "fast");
  EXPECT_TRUE(object.boolean_or("flag", false));
  EXPECT_EQ(object.number_or("scale", 1), 0.5);
  EXPECT_TRUE(object.value("any").is_null());
  EXPECT_FALSE(object.has("absent"));
  EXPECT_EQ(object.integer_or("absent", 7, {0, 9}), 7);
  EXPECT_EQ(object.choice_or("absent", "slow", {"fast", "slow"}), "slow");
  EXPECT_EQ(object.number_or("absent", 2), 2.0);
  EXPECT_FALSE(object.boolean_or("absent", false));
  EXPECT_NO_THROW(object.finish());
}

TEST(JsonObject, RefusesWhatItDoesNotKnowWithTheNearestName) {
  EXPECT_EQ(verdict({{"sizze", 3}}, [](JsonObject& o) { (void)o.has("size"); }),
            "recipe: does not know the field \"sizze\"; nearest known: size");
  EXPECT_EQ(verdict({{"size", 3}}, [](JsonObject&) {}),
            "recipe: does not know the field \"size\"; it takes none");
  EXPECT_EQ(verdict(Json("text"), [](JsonObject&) {}),
            "recipe: is \"text\"; it must be a JSON object");
}

TEST(JsonObject, RefusesIntegersThatAreNotOrOutOfRange) {
  const auto read = [](JsonObject& o) { (void)o.integer("size", {1, 10}); };
  EXPECT_EQ(verdict({{"size", 10}}, read), "read");
  EXPECT_EQ(verdict({{"size", 11}}, read),
            "recipe: the field \"size\" has 11; it takes integers from 1 to 10");
  for (const Json& wrong : {Json(0), Json(-1), Json(3.0), Json("3"), Json(true), Json(nullptr),
                            Json::array({3}), Json(18446744073709551615U)}) {
    EXPECT_NE(verdict({{"size", wrong}}, read), "read") << wrong;
  }
  EXPECT_EQ(verdict(Json::object(), read), "recipe: lacks the field \"size\"; add it");
}

TEST(JsonObject, RefusesOtherWrongTypes) {
  const Json wrong{{"x", Json::object()}};
  EXPECT_EQ(verdict(wrong, [](JsonObject& o) { (void)o.string("x"); }),
            "recipe: the field \"x\" is {}; it must be a string");
  EXPECT_EQ(verdict(wrong, [](JsonObject& o) { (void)o.boolean_or("x", true); }),
            "recipe: the field \"x\" is {}; it must be true or false");
  EXPECT_EQ(verdict(wrong, [](JsonObject& o) { (void)o.number_or("x", 0); }),
            "recipe: the field \"x\" is {}; it must be a finite number");
  EXPECT_EQ(verdict(wrong,
                    [](JsonObject& o) {
                      (void)o.integers("x", {0, 1});
                    }),
            "recipe: the field \"x\" is {}; it must be a list of integers");
  EXPECT_EQ(verdict({{"x", Json::array()}},
                    [](JsonObject& o) {
                      (void)o.integers("x", {0, 1});
                    }),
            "recipe: the field \"x\" is []; it must be a list of integers");
  EXPECT_EQ(verdict({{"x", "b"}},
                    [](JsonObject& o) {
                      (void)o.choice("x", {"a", "c"});
                    }),
            "recipe: the field \"x\" is \"b\"; use one of a, c");
}

TEST(JsonObject, ShowsALongValueShortened) {
  const std::string long_text(1000, 'x');
  const std::string message = verdict({{"x", long_text}}, [](JsonObject& o) {
    (void)o.integer("x", {0, 1});
  });
  EXPECT_LT(message.size(), 160U);
}

}  // namespace
}  // namespace apatite
