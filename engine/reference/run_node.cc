#include "engine/reference/run_node.h"

#include <type_traits>
#include <utility>

#include "engine/reference/convolution.h"
#include "engine/reference/elementwise.h"
#include "engine/reference/pooling.h"
#include "engine/reference/rearrange.h"
#include "engine/reference/score.h"

namespace apatite::engine::reference {

template <class T>
BasicTensor<T> to_scalar(Tensor tensor) {
  if constexpr (std::is_same_v<T, float>) {
    return tensor;
  } else {
    return widen(tensor);
  }
}

template <class T>
NodeParameters<T> load_parameters(const Graph& graph, const Node& node,
                                  const ParameterSource& source) {
  NodeParameters<T> parameters;
  if (batch_norm_epsilon(node.op)) {
    parameters.affine = load_affine<T>(graph, node, source);
    return parameters;
  }
  for (const ParameterId id : node.parameters) {
    parameters.tensors.push_back(to_scalar<T>(source.load(graph.parameters()[id])));
  }
  return parameters;
}

template <class T>
void run_node(const Node& node, const NodeParameters<T>& parameters,
              const std::vector<View<T>>& inputs, std::int64_t target, T* y) {
  const NodeArguments<T> arguments{node, parameters, inputs, target, y};
  std::visit([&](const auto& op) { compute(op, arguments); }, node.op);
}

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type
#define APATITE_INSTANTIATE(T)                                                                   \
  template BasicTensor<T> to_scalar(Tensor);                                                     \
  template NodeParameters<T> load_parameters(const Graph&, const Node&, const ParameterSource&); \
  template void run_node(const Node&, const NodeParameters<T>&, const std::vector<View<T>>&,     \
                         std::int64_t, T*);
// NOLINTEND(bugprone-macro-parentheses)
APATITE_INSTANTIATE(float)
APATITE_INSTANTIATE(double)
#undef APATITE_INSTANTIATE

}  // namespace apatite::engine::reference
