// A small study as CSV and its evaluation.
#pragma once

#include <string>

#include "base/random.h"
#include "base/text.h"
#include "eval/evaluation.h"

namespace apatite::eval {

inline const ScoreColumns kColumns{.positive = "1", .negatives = {"0"}, .scores = {"s"}};

// 90 cases of 30 patients in two splits.
inline std::string study(std::uint64_t seed = 1) {
  std::string text = "image,label,patient,split,s\n";
  for (std::uint64_t i = 0; i < 90; ++i) {
    const bool positive = random_bits(seed, 3 * i) % 5 < 2;
    const std::uint64_t score = random_bits(seed, 3 * i + 1) % 60 + (positive ? 30 : 5);
    text += "i" + std::to_string(i) + "," + (positive ? "1" : "0") + ",P" + std::to_string(i / 3) +
            "," + (i < 45 ? "validation" : "test") + "," +
            to_text(static_cast<double>(score) / 100) + "\n";
  }
  return text;
}

inline Evaluation evaluate_text(const std::string& text, const EvaluationOptions& options) {
  return evaluate(parse_scores(text, "x.csv", kColumns), nullptr, options);
}

}  // namespace apatite::eval
