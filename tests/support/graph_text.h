// Small networks as one line of text each, so that a test case is data and prints itself.
//
//   input 3x9x7 | conv 5 kernel=3x5 stride=2 padding=1,0,2,1 groups=1 bias | bn | relu
//
// Steps are joined by " | ", each takes the value of the one before it:
//   input CxHxW              first
//   conv OUT kernel= stride= dilation= padding= groups= bias
//   bn, relu, gap (global average pool)
//   maxpool kernel= stride= dilation= padding= ceil
//   avgpool kernel= stride= padding= ceil exclude_pad
//   linear OUT nobias
//   subsample stride= before= after=
//   mark NAME, from NAME     keep a value, go back to it
//   add NAME                 the kept value + the current one
//   scaledadd NAME scale=    the kept value + the current one times a scale
//   concat NAME ...          the kept values, then the current one
// Sizes are H x W or one number for both; padding is one number or top,left,bottom,right.
// tests/goldens/conformance.py reads the same language.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/graph.h"

namespace apatite {

// Throws std::invalid_argument on a line that is not of the language, apatite::Error on a network
// that the layers refuse.
engine::Graph graph_from_text(std::string_view line);

// The lines of a file less empty ones and those that start with '#'.
std::vector<std::string> read_lines(const std::filesystem::path& path);

}  // namespace apatite
