#include "eval/data/score_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/error.h"
#include "base/random.h"
#include "tests/support/mutations.h"
#include "tests/support/temporary_folder.h"

namespace apatite::eval {
namespace {

constexpr std::string_view kFile =
    "image,label,patient,logit:benign,logit:malignant,p:benign,p:malignant\n"
    "a.png,benign,P1,1,-1,0.9,0.1\n"
    "b.png,malignant,P1,0,0,0.5,0.5\n"
    "\"c,\"\"1\"\".png\",benign,P2,0,0,0.25,0.75\n";

ScoreColumns malignant() { return {.positive = "malignant"}; }

std::string refusal(std::string_view text, const ScoreColumns& columns) {
  try {
    (void)parse_scores(text, "x.csv", columns);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadFile);
    return error.what();
  }
  return "accepted";
}

std::string join_refusal(std::string_view a, std::string_view b) {
  const ScoreColumns columns{.positive = "1", .negatives = {"0"}, .scores = {"s"}};
  ScoreTable first = parse_scores(a, "a.csv", columns);
  try {
    join_scores(first, parse_scores(b, "b.csv", columns));
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ScoreTable, ReadsPredictionsAsTheyAre) {
  const ScoreTable table = parse_scores(kFile, "x.csv", malignant());
  EXPECT_EQ(table.positive, (std::vector<std::uint8_t>{0, 1, 0}));
  ASSERT_EQ(table.models.size(), 1U);
  EXPECT_EQ(table.models[0].column, "p:malignant");
  EXPECT_EQ(table.models[0].scores, (std::vector<double>{0.1, 0.5, 0.75}));
  EXPECT_EQ(table.patient, (std::vector<std::int32_t>{0, 0, 1}));
  EXPECT_EQ(table.patients.name(1), "P2");
  EXPECT_EQ(table.images.name(2), "c,\"1\".png");
  EXPECT_EQ(table.images.find("b.png"), 1);
  EXPECT_EQ(table.images.find("d.png"), -1);
  EXPECT_EQ(table.negative_names, (std::vector<std::string>{"benign"}));
  EXPECT_TRUE(table.lesion.empty());
  EXPECT_TRUE(table.weight.empty());
}

TEST(ScoreTable, ReadsNamedColumnsAndSeveralModels) {
  const ScoreTable table = parse_scores(
      "id,truth,who,where,set,w,m1,m2\n"
      "1,yes,A,left,test,0.5,-0,1e-3\n"
      "2,no,B,left,train,2,3,-4\n"
      "3,maybe,B,right,test,0,5,6\n",
      "x.csv",
      {.positive = "yes",
       .negatives = {"no", "maybe"},
       .label = "truth",
       .scores = {"m2", "m1"},
       .image = "id",
       .patient = "who",
       .split = "set",
       .lesion = "where",
       .weight = "w"});
  EXPECT_EQ(table.models[0].scores, (std::vector<double>{1e-3, -4, 6}));
  EXPECT_EQ(table.models[1].scores, (std::vector<double>{0, 3, 5}));
  EXPECT_FALSE(std::signbit(table.models[1].scores[0]));
  EXPECT_EQ(table.weight, (std::vector<double>{0.5, 2, 0}));
  EXPECT_EQ(table.lesion, (std::vector<std::int32_t>{0, 0, 1}));
  EXPECT_EQ(table.split, (std::vector<std::int32_t>{0, 1, 0}));
  EXPECT_EQ(table.splits.name(1), "train");
}

TEST(ScoreTable, LeavesOutAColumnWithoutAnyName) {
  const ScoreTable table =
      parse_scores("label,patient,s\n1,,0\n0,,1\n", "x.csv", {.positive = "1", .scores = {"s"}});
  EXPECT_TRUE(table.patient.empty());
  EXPECT_EQ(table.patients.size(), 0U);
  EXPECT_EQ(table.images.size(), 0U);
}

TEST(ScoreTable, RefusesALabelThatIsNeitherClass) {
  const std::string rows = "image,label,s\na,1,0\nb,0,1\nc,2,1\n";
  EXPECT_EQ(refusal(rows, {.positive = "1", .scores = {"s"}}),
            "x.csv: line 4: the label \"2\" is neither \"1\" (positive) nor \"0\" (negative); name "
            "every label that counts as negative, or leave such cases out");
  // The classes of the columns are known before the first row.
  EXPECT_EQ(refusal("label,p:a,p:b\nc,0,1\n", {.positive = "b"}),
            "x.csv: line 2: the label \"c\" is neither \"b\" (positive) nor \"a\" (negative); name "
            "every label that counts as negative, or leave such cases out");
  EXPECT_EQ(refusal("label,s\n,0\n", {.positive = "1", .scores = {"s"}}),
            "x.csv: line 2: the case has no label; remove it, or give it one");
}

TEST(ScoreTable, RefusesAScoreThatIsNoFiniteNumber) {
  const auto score = [](const std::string& text) {
    return refusal("label,s\n1," + text + "\n", {.positive = "1", .scores = {"s"}});
  };
  EXPECT_EQ(score("nan"), "x.csv: line 2: the score \"nan\" in the column 's' is not finite");
  EXPECT_EQ(score("-inf"), "x.csv: line 2: the score \"-inf\" in the column 's' is not finite");
  EXPECT_EQ(score("high"), "x.csv: line 2: the score \"high\" in the column 's' is not a number");
  EXPECT_EQ(score(""), "x.csv: line 2: the score \"\" in the column 's' is not a number");
  EXPECT_EQ(score("0.5 "), "x.csv: line 2: the score \"0.5 \" in the column 's' is not a number");
  EXPECT_EQ(score("1e999"),
            "x.csv: line 2: the score \"1e999\" in the column 's' is outside the range of "
            "binary64");
}

TEST(ScoreTable, RefusesTheRest) {
  const ScoreColumns columns{.positive = "1", .scores = {"s"}};
  EXPECT_EQ(refusal("image,label,s\na,1,0\nb,0,1\na,1,1\n", columns),
            "x.csv: line 4: the image \"a\" is there already; list each image once");
  EXPECT_EQ(refusal("image,label,s\n,1,0\n", columns), "x.csv: line 2: the case names no image");
  EXPECT_EQ(refusal("label,s\n", columns), "x.csv: lists no case");
  EXPECT_EQ(refusal("", columns),
            "x.csv: line 1: the file is empty; start it with the names of the columns");
  EXPECT_EQ(refusal("label,t\n1,0\n", columns),
            "x.csv: line 1: there is no column 's'; the header has: label, t");
  EXPECT_EQ(refusal("label,s\n1,0\n", {.positive = "1"}),
            "x.csv: line 1: there is no column 'p:1'; the header has: label, s");
  EXPECT_EQ(refusal("label,patient,s\n1,,0\n1,A,0\n", columns),
            "x.csv: line 2: the case has no patient, others have one; fill the column 'patient'");
  const ScoreColumns weighted{.positive = "1", .scores = {"s"}, .weight = "w"};
  EXPECT_EQ(refusal("label,s,w\n1,0,-0.5\n", weighted),
            "x.csv: line 2: the weight -0.5 is negative; weights are 0 or more");
  EXPECT_EQ(refusal("label,s,w\n1,0,inf\n", weighted),
            "x.csv: line 2: the weight \"inf\" in the column 'w' is not finite");
  EXPECT_EQ(refusal("label,s,w\n1,0,0\n0,1,0\n", weighted), "x.csv: all weights are 0");
}

TEST(ScoreTable, JoinsModelsByImage) {
  const ScoreColumns columns{.positive = "1", .scores = {"s"}};
  ScoreTable table = parse_scores("image,label,s\na,1,0.1\nb,0,0.2\nc,0,0.3\n", "a.csv", columns);
  join_scores(table, parse_scores("image,label,s\nc,0,3\na,1,1\nb,0,2\n", "b.csv", columns));
  ASSERT_EQ(table.models.size(), 2U);
  EXPECT_EQ(table.models[1].scores, (std::vector<double>{1, 2, 3}));
}

TEST(ScoreTable, RefusesModelsOfOtherImages) {
  EXPECT_EQ(join_refusal("image,label,s\na,1,0\nb,0,0\n", "image,label,s\na,1,0\nc,0,0\nd,0,1\n"),
            "b.csv: holds other images than a.csv; 1 missing: \"b\"; 2 surplus: \"c\", \"d\"; give "
            "each model the same images");
  std::string many = "image,label,s\n";
  for (int i = 0; i < 9; ++i) many += "x" + std::to_string(i) + ",1,0\n";
  EXPECT_EQ(join_refusal("image,label,s\na,1,0\n", many + "a,1,0\n"),
            "b.csv: holds other images than a.csv; 9 surplus: \"x0\", \"x1\", \"x2\", \"x3\", "
            "\"x4\", ...; give each model the same images");
  EXPECT_EQ(join_refusal("image,label,s\na,1,0\nb,0,0\n", "image,label,s\na,1,0\nb,1,0\n"),
            "b.csv: 1 images have another label than in a.csv: \"b\"");
  EXPECT_EQ(join_refusal("label,s\n1,0\n", "image,label,s\na,1,0\n"),
            "a.csv: names no images, so that it cannot be joined; give it a column with the image "
            "of each case");
}

TEST(ScoreTable, ReadsAFileAndKeepsItsNames) {
  const TemporaryFolder folder;
  std::string text = "image,label,s\n";
  for (int i = 0; i < 300'000; ++i) {
    text += "a rather long folder/and a rather long name of an image " + std::to_string(i) + "," +
            std::to_string(i % 2) + "," + std::to_string(i) + ".25\n";
  }
  write_file(folder / "x.csv", text);  // several times what is given back at once
  const ScoreTable table = read_scores(folder / "x.csv", {.positive = "1", .scores = {"s"}});
  ASSERT_EQ(table.size(), 300'000U);
  EXPECT_EQ(table.images.name(299'999),
            "a rather long folder/and a rather long name of an image 299999");
  EXPECT_EQ(table.models[0].scores[123'456], 123'456.25);
}

TEST(ScoreTable, NumbersTextsLikeAMap) {
  // Random short texts, with repetitions, against a plain list.
  std::string base;
  std::vector<std::pair<std::size_t, std::size_t>> places;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const std::size_t begin = base.size();
    for (auto n = random_bits(1, i) % 4; n > 0; --n) {
      base += static_cast<char>('a' + random_bits(n + 10, i) % 12);
    }
    places.emplace_back(begin, base.size() - begin);
  }
  StringInterner ids(base);
  std::map<std::string, std::int32_t> expected;
  for (const auto& [begin, length] : places) {
    const std::string_view text = std::string_view(base).substr(begin, length);
    const auto [at, is_new] = expected.emplace(text, static_cast<std::int32_t>(expected.size()));
    const StringInterner::Added added = ids.add(text);
    ASSERT_EQ(added.id, at->second);
    ASSERT_EQ(added.is_new, is_new);
  }
  EXPECT_GT(ids.size(), 1500U);
  for (const auto& [text, id] : expected) {
    EXPECT_EQ(ids.find(text), id);
    EXPECT_EQ(ids.name(id), text);
  }
  EXPECT_EQ(ids.find("zzzz"), -1);
}

TEST(ScoreTable, ReadsOrRefusesAnyMutation) {
  std::size_t refused = 0;
  for_each_mutation(
      std::string(kFile),
      [](const std::string& bytes) {
        const ScoreTable table = parse_scores(bytes, "x.csv", malignant());
        EXPECT_GT(table.size(), 0U);
        EXPECT_EQ(table.models.at(0).scores.size(), table.size());
        std::string text;
        for (std::size_t i = 0; i < table.size(); ++i) {
          text += std::to_string(table.positive[i]) + " " +
                  std::to_string(table.models[0].scores[i]) + "\n";
        }
        return text;
      },
      [&](const std::string& verdict, std::size_t, bool) {
        refused += verdict.starts_with("refused: x.csv: ") ? 1U : 0U;
      });
  EXPECT_GT(refused, 200U);
}

}  // namespace
}  // namespace apatite::eval
