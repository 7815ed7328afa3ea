// The program of the GPU backends carried out on the CPU: the same launches, index arithmetic and
// order of sums as on a GPU, one result after the other.
#pragma once

#include "engine/backend/backend.h"

namespace apatite {

// "cuda-on-cpu"; it promises the bits of the reference.
const engine::Backend& host_program_backend();

}  // namespace apatite
