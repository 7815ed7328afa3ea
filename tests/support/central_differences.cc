#include "tests/support/central_differences.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/random.h"
#include "engine/backends.h"
#include "engine/reference/pooling.h"
#include "engine/reference/run_node.h"

namespace apatite {
namespace {

using Value = std::vector<double>;

// The network in binary64, from a given value of any node on.
class Evaluator {
 public:
  Evaluator(const engine::Graph& graph, const engine::ParameterSource& source,
            const engine::Tensor& image)
      : graph_(graph), values_(graph.nodes().size()) {
    for (const engine::Node& node : graph.nodes()) {
      parameters_.push_back(engine::reference::load_parameters<double>(graph, node, source));
    }
    values_[0].assign(image.values().begin(), image.values().end());
    for (engine::NodeId id = 1; id < values_.size(); ++id) values_[id] = compute(id, values_);
  }

  [[nodiscard]] const Value& value(engine::NodeId id) const { return values_[id]; }

  // The score with `node` at `value`; nothing if that lies in another linear piece of the network.
  [[nodiscard]] std::optional<double> score(engine::NodeId node, Value value,
                                            std::int64_t target) const {
    std::vector<bool> is_changed(values_.size());
    is_changed[node] = true;
    std::vector<Value> all = values_;
    all[node] = std::move(value);
    for (engine::NodeId id = node + 1; id < values_.size(); ++id) {
      const std::vector<engine::NodeId>& inputs = graph_.node(id).inputs;
      is_changed[id] = std::any_of(inputs.begin(), inputs.end(),
                                   [&](engine::NodeId i) { return is_changed[i]; });
      if (!is_changed[id]) continue;
      if (!same_piece(id, all)) return std::nullopt;
      all[id] = compute(id, all);
    }
    const Value& logits = all[graph_.output()];
    return engine::score_of(std::span<const double>(logits), target);
  }

 private:
  [[nodiscard]] Value compute(engine::NodeId id, const std::vector<Value>& values) const {
    const engine::Node& node = graph_.node(id);
    std::vector<engine::reference::View<double>> inputs;
    for (const engine::NodeId input : node.inputs) {
      inputs.push_back({values[input].data(), graph_.node(input).shape});
    }
    Value y(static_cast<std::size_t>(node.shape.size()));
    engine::reference::run_node(node, parameters_[id], inputs, engine::kPredicted, y.data());
    return y;
  }

  [[nodiscard]] bool same_piece(engine::NodeId id, const std::vector<Value>& values) const {
    const engine::Node& node = graph_.node(id);
    if (std::holds_alternative<engine::Relu>(node.op)) {
      const Value& before = values_[node.inputs[0]];
      const Value& after = values[node.inputs[0]];
      return std::equal(before.begin(), before.end(), after.begin(),
                        [](double a, double b) { return (a > 0) == (b > 0); });
    }
    if (const auto* pool = std::get_if<engine::MaxPool2d>(&node.op)) {
      return routes(*pool, node, values_) == routes(*pool, node, values);
    }
    return true;
  }

  // Which output each maximum goes to, as a gradient of 1, 2, 3, ...
  [[nodiscard]] Value routes(const engine::MaxPool2d& pool, const engine::Node& node,
                             const std::vector<Value>& values) const {
    Value numbers(static_cast<std::size_t>(node.shape.size()));
    std::iota(numbers.begin(), numbers.end(), 1.0);
    const Value& x = values[node.inputs[0]];
    Value result(x.size());
    engine::reference::max_pool2d_grad<double>(pool, {numbers.data(), node.shape},
                                               {x.data(), graph_.node(node.inputs[0]).shape},
                                               result.data());
    return result;
  }

  const engine::Graph& graph_;
  std::vector<engine::reference::NodeParameters<double>> parameters_;
  std::vector<Value> values_;
};

// (S(value + h direction) - S(value - h direction)) / 2h.
std::optional<double> derivative(const Evaluator& evaluator, engine::NodeId node,
                                 const Value& direction, std::int64_t target) {
  for (const double h : {0x1p-14, 0x1p-18, 0x1p-22, 0x1p-26}) {
    Value above = evaluator.value(node);
    Value below = above;
    for (std::size_t i = 0; i < above.size(); ++i) {
      above[i] += h * direction[i];
      below[i] -= h * direction[i];
    }
    const auto high = evaluator.score(node, std::move(above), target);
    if (!high) continue;
    const auto low = evaluator.score(node, std::move(below), target);
    if (low) return (*high - *low) / (2 * h);
  }
  return std::nullopt;
}

}  // namespace

GradientErrors gradient_errors(const engine::Graph& network, const std::vector<engine::NodeId>& wrt,
                               const layers::Differentiated& differentiated,
                               const engine::ParameterSource& source, const engine::Tensor& image,
                               std::int64_t target, std::size_t elements,
                               std::optional<std::int64_t> differences_target) {
  const Evaluator evaluator(network, source, image);
  const std::vector<std::int64_t> targets{target};
  const std::vector<engine::Tensor64> gradients =
      engine::find_backend("reference64")
          .compile(differentiated.graph, source,
                   {.outputs = differentiated.gradients, .threads = 1})
          ->run64(image, targets);
  GradientErrors errors;
  const auto compare = [&](engine::NodeId node, const Value& direction, double expected,
                           double scale, const std::string& what) {
    const auto actual = derivative(evaluator, node, direction, differences_target.value_or(target));
    if (!actual) {
      ++errors.kinks;
      return;
    }
    ++errors.compared;
    const double difference = std::abs(*actual - expected);
    const double error = difference == 0 ? 0 : difference / scale;  // NaN and 1/0 are seen
    if (error <= errors.largest) return;
    errors.largest = error;
    errors.where = network.node(node).name + ", " + what + ": " + std::to_string(expected) +
                   ", by central difference " + std::to_string(*actual);
  };
  for (std::size_t i = 0; i < wrt.size(); ++i) {
    const auto g = gradients[i].values();
    Value direction(g.size());
    double along = 0;
    double scale = 0;
    double largest = 0;
    for (std::size_t j = 0; j < g.size(); ++j) {
      direction[j] = random_symmetric(wrt[i] + 17, j);
      along += g[j] * direction[j];
      scale += std::abs(g[j] * direction[j]);
      largest = std::max(largest, std::abs(g[j]));
    }
    compare(wrt[i], direction, along, scale, "a random direction");
    for (std::size_t k = 0; k < std::min(elements, g.size()); ++k) {
      const std::size_t element = random_bits(wrt[i] + 18, k) % g.size();
      Value unit(g.size());
      unit[element] = 1;
      compare(wrt[i], unit, g[element], largest, "element " + std::to_string(element));
    }
  }
  return errors;
}

}  // namespace apatite
