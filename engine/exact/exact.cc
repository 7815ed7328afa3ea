#include "engine/exact/exact.h"
#include "engine/reference/reference.h"
namespace apatite {
const Backend& exact_backend() { return reference_backend(); }
}  // namespace apatite
