// The interface of the library apatite. Include this header; it includes all others that are
// installed. docs/library.md shows a whole program.
//
// Common to all functions:
// - They report failure by throwing apatite::Error (base/error.h). The message is one line that
//   says where, what and what to do. The library never prints and never ends the program.
// - Results are the bits that the program `apatite` writes for the same files, on every CPU and for
//   any number of threads (docs/arithmetic.md).
// - The headers need C++17 and the standard library alone.
#pragma once

#include "apatite/evaluation.h"
#include "apatite/model.h"
#include "base/error.h"
