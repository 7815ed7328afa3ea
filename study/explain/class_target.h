// The class whose score a map explains, as a user names it, and its name and probability.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "weights/metadata.h"

namespace apatite::study {

// Reads "predicted" (kPredicted of engine/graph/score.h), the name of a class, or its index from 0.
// If a text is both a name and an index, it is the name. Throws Error (kUsage), which lists the
// classes, if it is none of them.
std::int64_t parse_target(std::string_view text, const weights::WeightsMetadata& metadata);

// The name of class `target`. A one-logit head may name its positive class alone; the other class
// is then called "not NAME".
std::string class_name(std::int64_t target, const weights::WeightsMetadata& metadata);

// The probability of class `target` from the logits of one image: their softmax, or, of a single
// logit, its sigmoid for class 1 and the sigmoid of the negated logit for class 0.
double probability_of(std::span<const double> logits, std::int64_t target);

}  // namespace apatite::study
