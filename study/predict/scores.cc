#include "study/predict/scores.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "layers/sigmoid.h"
#include "layers/softmax.h"

namespace apatite::study {

Scores::Scores(std::int64_t logits, std::vector<std::string> classes)
    : logits_(static_cast<std::size_t>(logits)), classes_(std::move(classes)) {}

std::vector<std::string> Scores::columns() const {
  std::vector<std::string> names;
  for (std::size_t i = classes_.size() - logits_; i < classes_.size(); ++i) {
    names.push_back("logit:" + classes_[i]);
  }
  for (const std::string& name : classes_) names.push_back("p:" + name);
  return names;
}

std::vector<double> Scores::probabilities(std::span<const float> logits) const {
  if (logits_ > 1) return layers::softmax(logits);
  if (classes_.size() == 1) return {layers::sigmoid(logits[0])};
  return {layers::sigmoid(-logits[0]), layers::sigmoid(logits[0])};
}

std::vector<std::string> Scores::fields(std::span<const float> logits) const {
  std::vector<std::string> texts;
  for (const float logit : logits) texts.push_back(to_text(logit));
  for (const double p : probabilities(logits)) texts.push_back(to_text(p));
  return texts;
}

std::optional<bool> Scores::is_right(std::span<const float> logits, std::string_view label) const {
  if (logits_ == 1) {
    const bool positive = logits[0] > 0;
    if (label == classes_.back()) return positive;
    // A positive class alone has no name for the other.
    if (classes_.size() == 1 ? label.empty() : label != classes_.front()) return std::nullopt;
    return !positive;
  }
  const auto named = std::find(classes_.begin(), classes_.end(), label);
  if (named == classes_.end()) return std::nullopt;
  const auto largest = std::max_element(logits.begin(), logits.end());
  return largest - logits.begin() == named - classes_.begin();
}

}  // namespace apatite::study
