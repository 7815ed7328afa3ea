// The convolutions of a network, each shape once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/graph/graph.h"

namespace apatite {

struct ConvShape {
  std::string name;  // of the first node that has it: "layer1.0.conv2"
  engine::NodeId node = 0;
  engine::Shape in;  // of one image
  engine::Shape out;
  engine::Conv2d op;
  bool reads_image = false;        // it is the stem: its input is the network's
  std::int64_t nodes = 0;          // how many nodes of the network have it
  std::int64_t multiply_adds = 0;  // for one image, taps in the padding included
};

// In the order of the network.
std::vector<ConvShape> conv_shapes(const engine::Graph& graph);

// "layer1.0.conv2 56x56 64->64 3x3", with " stride 2" and " groups 32" where they are not 1.
std::string to_text(const ConvShape& shape);

}  // namespace apatite
