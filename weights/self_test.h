// The self-test of a weights file: on this machine the file must compute, bit for bit, what it
// computed where it was made.
#pragma once

#include <cstdint>
#include <string>

#include "engine/backend/backend.h"
#include "engine/graph/graph.h"
#include "engine/graph/tensor.h"
#include "weights/metadata.h"

namespace apatite::weights {

inline constexpr std::uint64_t kSelfTestSeed = 1;

// 1 x C x H x W: element i (row-major) is 2 * random_symmetric(seed, i), base/random.h; exact.
engine::Tensor self_test_input(const engine::Shape& shape, std::uint64_t seed);

// SHA-256 of the values as little-endian binary32.
std::string logits_sha256(const engine::Tensor& logits);

// Runs `graph` on its self-test image. `backend` must be one that keeps the contract to the bit
// (reference, exact); for another the hash means nothing.
SelfTest make_self_test(const engine::Graph& graph, const engine::ParameterSource& parameters,
                        const engine::Backend& backend, const engine::CompileOptions& options = {},
                        std::uint64_t seed = kSelfTestSeed);

}  // namespace apatite::weights
