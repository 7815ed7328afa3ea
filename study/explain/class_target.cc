#include "study/explain/class_target.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "engine/graph/score.h"
#include "layers/sigmoid.h"
#include "layers/softmax.h"

namespace apatite::study {

std::int64_t parse_target(std::string_view text, const weights::WeightsMetadata& metadata) {
  if (text == "predicted") return engine::kPredicted;
  const std::int64_t count = engine::class_count(metadata.model.classes);
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < count; ++i) {
    names.push_back(class_name(i, metadata));
    if (names.back() == text) return i;
  }
  std::int64_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (is_number && index >= 0 && index < count) return index;
  std::vector<std::string> shown = names;
  if (names.size() > 12) shown = nearest(text, names, 12);
  throw Error(ErrorKind::kUsage, "target", quote(text) + " is no class of the network",
              "predicted, 0 to " + to_text(count - 1) + ", or a name: " + join(shown));
}

std::string class_name(std::int64_t target, const weights::WeightsMetadata& metadata) {
  const std::vector<std::string>& names = metadata.class_names;
  if (metadata.model.classes == 1 && names.size() == 1) {
    return target == 1 ? names[0] : "not " + names[0];
  }
  return names.at(static_cast<std::size_t>(target));
}

double probability_of(std::span<const double> logits, std::int64_t target) {
  if (logits.size() == 1)
    return layers::sigmoid(static_cast<float>(engine::score_of(logits, target)));
  const std::vector<float> narrow(logits.begin(), logits.end());
  return layers::softmax(narrow)[static_cast<std::size_t>(target)];
}

}  // namespace apatite::study
