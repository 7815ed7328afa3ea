// The oracle: plain loops, one template over the scalar (engine/reference/kernels.h).
#pragma once

#include "engine/backend.h"

namespace apatite {

// binary32: the arithmetic contract written as code. Every exact backend equals it bit for bit.
const Backend& reference_backend();

// The same loops in binary64: the yardstick for rounding error.
const Backend& reference64_backend();

}  // namespace apatite
