// One node of a graph in binary32 or binary64: its parameters and its kernel.
#pragma once

#include <vector>

#include "engine/graph/batch_norm.h"
#include "engine/graph/graph.h"
#include "engine/reference/node_arguments.h"

namespace apatite::engine::reference {

template <class T>
BasicTensor<T> to_scalar(Tensor tensor);

template <class T>
NodeParameters<T> load_parameters(const Graph& graph, const Node& node,
                                  const ParameterSource& source);

// Computes one node for one image into `y`. `target`: the class of the score, or kPredicted.
template <class T>
void run_node(const Node& node, const NodeParameters<T>& parameters,
              const std::vector<View<T>>& inputs, std::int64_t target, T* y);

}  // namespace apatite::engine::reference
