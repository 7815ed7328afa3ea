#include "engine/reference/reference.h"

#include <omp.h>

#include <cmath>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "engine/reference/run_node.h"
#include "engine/runtime/fp_environment.h"
#include "engine/runtime/threads.h"

namespace apatite::engine {
namespace {

using reference::NodeParameters;
using reference::View;

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
      parameters_.push_back(reference::load_parameters<T>(graph_, node, source));
    }
    reads_.resize(graph_.nodes().size());
    for (const NodeId output : outputs_) ++reads_[output];
    for (NodeId id = reads_.size(); id-- > 0;) {
      if (reads_[id] == 0) continue;  // no output needs it
      for (const NodeId input : graph_.node(id).inputs) ++reads_[input];
    }
  }

  std::vector<Tensor> run(const Tensor& input, std::span<const std::int64_t> targets) override {
    const FpEnvironment environment;
    if constexpr (std::is_same_v<T, float>) {
      return compute(input, targets);
    } else {
      std::vector<Tensor> narrowed;
      for (const Tensor64& tensor : compute(input, targets)) narrowed.push_back(narrow(tensor));
      return narrowed;
    }
  }

  std::vector<Tensor64> run64(const Tensor& input, std::span<const std::int64_t> targets) override {
    const FpEnvironment environment;
    if constexpr (std::is_same_v<T, double>) {
      return compute(input, targets);
    } else {
      return Executable::run64(input, targets);
    }
  }

 private:
  std::vector<BasicTensor<T>> compute(const Tensor& input, std::span<const std::int64_t> targets) {
    check_input(graph_, input);
    const std::int64_t batch = input.dims()[0];
    check_targets(graph_, targets, batch);
    std::vector<std::size_t> reads = reads_;
    std::vector<BasicTensor<T>> values(graph_.nodes().size());
    for (NodeId id = 0; id < values.size(); ++id) {
      const Node& node = graph_.node(id);
      if (reads[id] == 0) continue;
      values[id] = id == graph_.input() ? reference::to_scalar<T>(canonical(input))
                                        : run_batch(id, batch, values, targets);
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

  BasicTensor<T> run_batch(NodeId id, std::int64_t batch, const std::vector<BasicTensor<T>>& values,
                           std::span<const std::int64_t> targets) const {
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
        const std::int64_t target =
            targets.empty() ? kPredicted : targets[static_cast<std::size_t>(image)];
        reference::run_node(node, parameters_[id], inputs, target,
                            result.data() + image * node.shape.size());
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
  std::vector<std::size_t> reads_;  // by nodes that an output needs, and as outputs
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

void throw_first_non_finite(std::string_view backend, ErrorKind otherwise, const Graph& graph,
                            const ParameterSource& source, const CompileOptions& options,
                            const Tensor& input, std::span<const std::int64_t> targets) {
  reference_backend()
      .compile(graph, source, {.outputs = options.outputs, .threads = options.threads})
      ->run(input, targets);
  throw Error(otherwise, backend, "a non-finite value arose that reference lacks");
}

const Backend& reference64_backend() {
  static const ReferenceBackend<double> backend("reference64", "plain loops in binary64",
                                                "the yardstick for rounding error");
  return backend;
}

}  // namespace apatite::engine
