// The GPU backends (CUDA). Whether they are built in is APATITE_WITH_CUDA.
#pragma once

#include "engine/backend/backend.h"

namespace apatite::engine {

// Own kernels in which one thread computes an output's whole chain: the bits of `reference`.
const Backend& cuda_exact_backend();

// Convolutions as matrix products by cuBLAS in binary32 (no TF32), whose order of sums is its own.
// The cuBLAS library is looked for when the backend is first used.
const Backend& cuda_backend();

}  // namespace apatite::engine
