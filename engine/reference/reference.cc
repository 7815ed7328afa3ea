#include "engine/reference/reference.h"

#include <omp.h>

#include <cmath>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "engine/fp_environment.h"
#include "engine/reference/kernels.h"
#include "engine/threads.h"

namespace apatite {
namespace {

using reference::View;

// The parameters of one node in T, ready for its kernel.
template <class T>
struct NodeParameters {
  std::vector<BasicTensor<T>> tensors;  // in the node's order; empty for batch_norm
  Affine<T> affine;                     // batch_norm only
};

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
  if (const auto* op = std::get_if<BatchNorm>(&node.op)) {
    parameters.affine =
        fold_batch_norm<T>(loaded[0], loaded[1], loaded[2], loaded[3], op->epsilon, node.name);
  } else {
    for (Tensor& tensor : loaded) parameters.tensors.push_back(to_scalar<T>(std::move(tensor)));
  }
  return parameters;
}

// Computes one node for one image.
template <class T>
void run_node(const Node& node, const NodeParameters<T>& parameters,
              const std::vector<View<T>>& inputs, T* y) {
  const auto parameter = [&](std::size_t i) {
    return i < parameters.tensors.size() ? parameters.tensors[i].data() : nullptr;
  };
  std::visit(
      Overloaded{
          [&](const Input&) { std::copy_n(inputs[0].data, inputs[0].shape.size(), y); },
          [&](const Conv2d& op) {
            reference::conv2d(op, inputs[0], parameter(0), parameter(1), y, node.shape);
          },
          [&](const BatchNorm&) { reference::batch_norm(inputs[0], parameters.affine, y); },
          [&](const Relu&) { reference::relu(inputs[0], y); },
          [&](const MaxPool2d& op) { reference::max_pool2d(op, inputs[0], y, node.shape); },
          [&](const AvgPool2d& op) { reference::avg_pool2d(op, inputs[0], y, node.shape); },
          [&](const GlobalAvgPool&) { reference::global_avg_pool(inputs[0], y); },
          [&](const Linear& op) {
            reference::linear(op, inputs[0], parameter(0), parameter(1), y);
          },
          [&](const Add&) { reference::add(inputs[0], inputs[1], y); },
          [&](const Concat&) { reference::concat<T>(inputs, y); },
          [&](const SubsamplePad& op) { reference::subsample_pad(op, inputs[0], y, node.shape); },
      },
      node.op);
}

template <class T>
class ReferenceExecutable final : public Executable {
 public:
  ReferenceExecutable(const Graph& graph, const ParameterSource& source,
                      const CompileOptions& options)
      : graph_(graph),
        outputs_(resolve_outputs(graph, options)),
        threads_(resolve_threads(options.threads)) {
    const FpEnvironment environment;
    for (const Node& node : graph_.nodes()) {
      parameters_.push_back(load_parameters<T>(graph_, node, source));
    }
    for (const std::vector<NodeId>& readers : graph_.consumers()) reads_.push_back(readers.size());
    for (const NodeId output : outputs_) ++reads_[output];
  }

  std::vector<Tensor> run(const Tensor& input) override {
    const FpEnvironment environment;
    if constexpr (std::is_same_v<T, float>) {
      return compute(input);
    } else {
      std::vector<Tensor> narrowed;
      for (const Tensor64& tensor : compute(input)) narrowed.push_back(narrow(tensor));
      return narrowed;
    }
  }

  std::vector<Tensor64> run64(const Tensor& input) override {
    const FpEnvironment environment;
    if constexpr (std::is_same_v<T, double>) {
      return compute(input);
    } else {
      return Executable::run64(input);
    }
  }

 private:
  std::vector<BasicTensor<T>> compute(const Tensor& input) {
    check_input(graph_, input);
    const std::int64_t batch = input.dims()[0];
    std::vector<std::size_t> reads = reads_;
    std::vector<BasicTensor<T>> values(graph_.nodes().size());
    for (NodeId id = 0; id < values.size(); ++id) {
      const Node& node = graph_.node(id);
      if (reads[id] == 0) continue;
      values[id] =
          id == graph_.input() ? to_scalar<T>(canonical(input)) : run_batch(id, batch, values);
      check_finite(node, values[id]);
      for (const NodeId read : node.inputs) {
        if (--reads[read] == 0) values[read] = {};
      }
    }
    std::vector<BasicTensor<T>> results;
    for (const NodeId output : outputs_) results.push_back(values[output]);
    return results;
  }

  static Tensor canonical(Tensor input) {
    canonicalize(input.values());
    return input;
  }

  BasicTensor<T> run_batch(NodeId id, std::int64_t batch,
                           const std::vector<BasicTensor<T>>& values) const {
    const Node& node = graph_.node(id);
    auto result = BasicTensor<T>::uninitialized(node.shape.with_batch(batch));
#pragma omp parallel num_threads(threads_)
    {
      const FpEnvironment environment;
#pragma omp for schedule(static)
      for (std::int64_t image = 0; image < batch; ++image) {
        std::vector<View<T>> inputs;
        for (const NodeId read : node.inputs) {
          const Shape& shape = graph_.node(read).shape;
          inputs.push_back({values[read].data() + image * shape.size(), shape});
        }
        run_node(node, parameters_[id], inputs, result.data() + image * node.shape.size());
      }
    }
    return result;
  }

  static void check_finite(const Node& node, const BasicTensor<T>& value) {
    const std::int64_t index = first_non_finite(std::span<const T>(value.values()));
    if (index < 0) return;
    throw non_finite_error(node, index % node.shape.size(), index / node.shape.size());
  }

  Graph graph_;
  std::vector<NodeId> outputs_;
  int threads_;
  std::vector<NodeParameters<T>> parameters_;
  std::vector<std::size_t> reads_;  // by consumers and as outputs
};

template <class T>
class ReferenceBackend final : public Backend {
 public:
  ReferenceBackend(std::string_view name, std::string_view description, std::string_view promise)
      : name_(name), description_(description), promise_(promise) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::string_view description() const override { return description_; }
  [[nodiscard]] std::string_view promise() const override { return promise_; }
  [[nodiscard]] std::vector<Isa> isas() const override { return {{.name = "scalar"}}; }
  [[nodiscard]] std::unique_ptr<Executable> compile(const Graph& graph,
                                                    const ParameterSource& parameters,
                                                    const CompileOptions& options) const override {
    resolve_isa(*this, options.isa);
    return std::make_unique<ReferenceExecutable<T>>(graph, parameters, options);
  }

 private:
  std::string_view name_;
  std::string_view description_;
  std::string_view promise_;
};

}  // namespace

const Backend& reference_backend() {
  static const ReferenceBackend<float> backend("reference", "plain loops in binary32",
                                               "the oracle: the contract written as code");
  return backend;
}

const Backend& reference64_backend() {
  static const ReferenceBackend<double> backend("reference64", "plain loops in binary64",
                                                "the yardstick for rounding error");
  return backend;
}

}  // namespace apatite
