#include "study/predict/scores.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "layers/sigmoid.h"
#include "layers/softmax.h"

namespace apatite::study {
namespace {

using Texts = std::vector<std::string>;

TEST(Scores, GiveOneLogitAndOneProbabilityPerClass) {
  const Scores scores(2, {"benign", "malignant"});
  EXPECT_EQ(scores.columns(),
            (Texts{"logit:benign", "logit:malignant", "p:benign", "p:malignant"}));
  const std::vector<float> logits{0.1F, -2.5F};
  const auto p = layers::softmax(logits);
  EXPECT_EQ(scores.fields(logits), (Texts{"0.1", "-2.5", to_text(p[0]), to_text(p[1])}));
  EXPECT_EQ(scores.is_right(logits, "benign"), true);
  EXPECT_EQ(scores.is_right(logits, "malignant"), false);
  EXPECT_EQ(scores.is_right(logits, "unknown"), std::nullopt);
  EXPECT_EQ(scores.is_right(std::vector<float>{1, 1}, "benign"), true) << "the first of equals";
}

TEST(Scores, OfAOneLogitHeadAreThoseOfThePositiveClass) {
  const Scores scores(1, {"benign", "malignant"});
  EXPECT_EQ(scores.columns(), (Texts{"logit:malignant", "p:benign", "p:malignant"}));
  const std::vector<float> logits{1.5F};
  EXPECT_EQ(scores.fields(logits),
            (Texts{"1.5", to_text(layers::sigmoid(-1.5F)), to_text(layers::sigmoid(1.5F))}));
  EXPECT_EQ(scores.is_right(logits, "malignant"), true);
  EXPECT_EQ(scores.is_right(logits, "benign"), false);
  EXPECT_EQ(scores.is_right(logits, "other"), std::nullopt);
  EXPECT_EQ(scores.is_right(std::vector<float>{0}, "benign"), true);
}

TEST(Scores, OfAOneLogitHeadWithOneNameTakeEveryOtherLabelAsNegative) {
  const Scores scores(1, {"malignant"});
  EXPECT_EQ(scores.columns(), (Texts{"logit:malignant", "p:malignant"}));
  EXPECT_EQ(scores.fields(std::vector<float>{0}), (Texts{"0", "0.5"}));
  EXPECT_EQ(scores.is_right(std::vector<float>{-1}, "benign"), true);
  EXPECT_EQ(scores.is_right(std::vector<float>{-1}, "malignant"), false);
}

}  // namespace
}  // namespace apatite::study
