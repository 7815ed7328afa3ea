// What a network consists of, in numbers and as a table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/graph/graph.h"

namespace apatite::models {

struct Cost {
  // Learnable numbers: weights, biases, gamma, beta. The statistics of batch normalisation are not
  // learnt by gradients and do not count, as in every table of the field.
  std::int64_t parameters = 0;
  // Of convolutions and linear layers for one image: one per output value and tap, taps in the
  // padding included. Multiply by two for "FLOPs". All other operations count nothing.
  std::int64_t multiply_adds = 0;
};

Cost node_cost(const engine::Graph& graph, engine::NodeId id);
Cost total_cost(const engine::Graph& graph);

// The nodes that are usually explained (Grad-CAM): for each size of plane in the network, the last
// node of that size through which every path from the input to the logits leads. From large to
// small.
std::vector<engine::NodeId> candidate_taps(const engine::Graph& graph);

// A table of all nodes (name, op with its attributes, shape, parameters, multiply-adds), the totals
// and the candidate taps; lines end in '\n'.
std::string describe(const engine::Graph& graph);

}  // namespace apatite::models
