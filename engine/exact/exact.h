// The default backend: packed, fused, vectorised and threaded kernels that equal `reference` bit
// for bit.
#pragma once

#include "engine/backend/backend.h"

namespace apatite::engine {

const Backend& exact_backend();

}  // namespace apatite::engine
