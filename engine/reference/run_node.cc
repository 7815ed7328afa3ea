#include "engine/reference/run_node.h"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

#include "engine/reference/gradients.h"

namespace apatite::engine::reference {
namespace {

std::optional<double> norm_epsilon(const Op& op) {
  if (const auto* norm = std::get_if<BatchNorm>(&op)) return norm->epsilon;
  if (const auto* grad = std::get_if<BatchNormGrad>(&op)) return grad->epsilon;
  return std::nullopt;
}

}  // namespace

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
  std::vector<Tensor> loaded;
  for (const ParameterId id : node.parameters)
    loaded.push_back(source.load(graph.parameters()[id]));
  NodeParameters<T> parameters;
  const std::optional<double> epsilon = norm_epsilon(node.op);
  if (epsilon) {
    parameters.affine =
        fold_batch_norm<T>(loaded[0], loaded[1], loaded[2], loaded[3], *epsilon, node.name);
  } else {
    for (Tensor& tensor : loaded) parameters.tensors.push_back(to_scalar<T>(std::move(tensor)));
  }
  return parameters;
}

template <class T>
void run_node(const Node& node, const NodeParameters<T>& parameters,
              const std::vector<View<T>>& inputs, std::int64_t target, T* y) {
  const auto parameter = [&](std::size_t i) {
    return i < parameters.tensors.size() ? parameters.tensors[i].data() : nullptr;
  };
  std::visit(
      Overloaded{
          [&](const Input&) { std::copy_n(inputs[0].data, inputs[0].shape.size(), y); },
          [&](const Conv2d& op) {
            conv2d(op, inputs[0], parameter(0), parameter(1), y, node.shape);
          },
          [&](const BatchNorm&) { batch_norm(inputs[0], parameters.affine, y); },
          [&](const Relu&) { relu(inputs[0], y); },
          [&](const MaxPool2d& op) { max_pool2d(op, inputs[0], y, node.shape); },
          [&](const AvgPool2d& op) { avg_pool2d(op, inputs[0], y, node.shape); },
          [&](const GlobalAvgPool&) { global_avg_pool(inputs[0], y); },
          [&](const Linear& op) { linear(op, inputs[0], parameter(0), parameter(1), y); },
          [&](const Add&) { add(inputs[0], inputs[1], y); },
          [&](const Concat&) { concat<T>(inputs, y); },
          [&](const SubsamplePad& op) { subsample_pad(op, inputs[0], y, node.shape); },
          [&](const ScoreGrad&) { score_grad(inputs[0], target, y); },
          [&](const Conv2dInputGrad& op) {
            conv2d_input_grad(op.forward, inputs[0], parameter(0), y, node.shape);
          },
          [&](const BatchNormGrad&) { batch_norm_grad(inputs[0], parameters.affine, y); },
          [&](const ReluGrad&) { relu_grad(inputs[0], inputs[1], y); },
          [&](const MaxPool2dGrad& op) { max_pool2d_grad(op.forward, inputs[0], inputs[1], y); },
          [&](const AvgPool2dGrad& op) { avg_pool2d_grad(op.forward, inputs[0], y, node.shape); },
          [&](const GlobalAvgPoolGrad&) { global_avg_pool_grad(inputs[0], y, node.shape); },
          [&](const LinearInputGrad&) {
            linear_input_grad(inputs[0], parameter(0), y, node.shape);
          },
          [&](const Slice& op) { slice(op, inputs[0], y, node.shape); },
          [&](const SubsamplePadGrad& op) {
            subsample_pad_grad(op.forward, inputs[0], y, node.shape);
          },
      },
      node.op);
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
