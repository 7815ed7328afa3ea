// The one check of the classes whose scores gradients start from.
#pragma once

#include <cstdint>
#include <span>

namespace apatite::engine {

// Throws Error (kUsage) unless `targets` is empty or holds, for each of the `batch` images,
// kPredicted or a class of a network with this many logits (engine/graph/score.h).
void check_targets(std::span<const std::int64_t> targets, std::int64_t batch, std::int64_t logits);

}  // namespace apatite::engine
