// Turns logits into the columns of predictions.csv.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace apatite::study {

// What the logits of one network mean. With two or more logits there is one class per logit, and
// the probabilities are the softmax of the logits. A one-logit head has the names {negative,
// positive}, or {positive} alone. Its logit is that of the positive class, whose probability is the
// sigmoid of the logit; the probability of the negative class is the sigmoid of the negated logit.
class Scores {
 public:
  // `logits`: the number of logits that the network gives. `classes` as in
  // WeightsMetadata::class_names.
  Scores(std::int64_t logits, std::vector<std::string> classes);

  // "logit:CLASS" for every logit, then "p:CLASS" for every class. A new column of what the network
  // says goes behind these, because predict.cc reads the logits back from the first ones.
  [[nodiscard]] std::vector<std::string> columns() const;
  // The values of columns(), each as the shortest text that reads back to the same number: binary32
  // logits, binary64 probabilities.
  [[nodiscard]] std::vector<std::string> fields(std::span<const float> logits) const;

  // One per class, in binary64.
  [[nodiscard]] std::vector<double> probabilities(std::span<const float> logits) const;

  // Whether the class of the largest logit (the first of equals; of a one-logit head the positive
  // class if its logit is above 0) is `label`. Empty if `label` is no class of the network.
  [[nodiscard]] std::optional<bool> is_right(std::span<const float> logits,
                                             std::string_view label) const;

 private:
  std::size_t logits_;
  std::vector<std::string> classes_;
};

}  // namespace apatite::study
