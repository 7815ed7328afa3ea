// The activation functions that a backend can fuse to the operation before them.
#pragma once

namespace apatite::engine {

// What is applied to each value of a result. To add one: a name here, the row of its operation in
// engine/graph/operations.h, and one case in the file `elementwise` of each backend. The compiler
// names a switch that lacks it.
enum class Activation {
  kIdentity,  // y = x
  kRelu,      // y = x < 0 ? 0 : x
};

}  // namespace apatite::engine
