// The class whose score a map explains, as a user names it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "weights/metadata.h"

namespace apatite::study {

// "predicted" (kPredicted of engine/graph/score.h), a class's name, or its index from 0. A name
// comes before an index. Throws Error (kUsage) with the classes there are.
std::int64_t parse_target(std::string_view text, const weights::WeightsMetadata& metadata);

// The name of class `target`. A one-logit head may name its positive class alone: the other is then
// "not NAME".
std::string class_name(std::int64_t target, const weights::WeightsMetadata& metadata);

// The probability of class `target` from the logits of one image: softmax, or the sigmoid of a
// single logit (of its negative for class 0).
double probability_of(std::span<const double> logits, std::int64_t target);

}  // namespace apatite::study
