// What a kernel of the reference reads and writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/graph/batch_norm.h"
#include "engine/graph/graph.h"
#include "engine/graph/op.h"
#include "engine/graph/shape.h"

namespace apatite::engine::reference {

// One image at a node.
template <class T>
struct View {
  const T* data;
  Shape shape;
};

// The parameters of one node in T, ready for its kernel.
template <class T>
struct NodeParameters {
  std::vector<BasicTensor<T>> tensors;  // in the node's order; none of a batch norm
  Affine<T> affine;                     // batch norm and its gradient only
};

// One node for one image. Each operation has a function compute(op, node) in the file of its kind
// (convolution, pooling, elementwise, rearrange, score); run_node.cc does not compile if one is
// missing. No kernel checks anything: layers/ did when the graph was built.
template <class T>
struct NodeArguments {
  const Node& of;
  const NodeParameters<T>& parameters;
  const std::vector<View<T>>& inputs;
  std::int64_t target;  // the class of the score, or kPredicted
  T* y;                 // of shape()

  [[nodiscard]] const Shape& shape() const { return of.shape; }
  [[nodiscard]] const View<T>& x(std::size_t i) const { return inputs[i]; }
  // Null if the node has no parameter number `i`.
  [[nodiscard]] const T* parameter(std::size_t i) const {
    return i < parameters.tensors.size() ? parameters.tensors[i].data() : nullptr;
  }
  [[nodiscard]] const Affine<T>& affine() const { return parameters.affine; }
};

}  // namespace apatite::engine::reference
