// The oracle: plain loops, one template over the scalar (engine/reference/run_node.h).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/backend/backend.h"

namespace apatite::engine {

// binary32: the arithmetic contract written as code. Every exact backend equals it bit for bit.
const Backend& reference_backend();

// Throws the Error (kNumeric) that names the first node of a run that is not finite, by running it
// again, for a backend that only knows that there is one. If there is none, the Error is of the
// kind `otherwise`: kInternal for a backend that promises the reference's bits. `backend`: its
// name.
[[noreturn]] void throw_first_non_finite(std::string_view backend, ErrorKind otherwise,
                                         const Graph& graph, const ParameterSource& source,
                                         const CompileOptions& options, const Tensor& input,
                                         std::span<const std::int64_t> targets);

// The same loops in binary64: the yardstick for rounding error.
const Backend& reference64_backend();

}  // namespace apatite::engine
