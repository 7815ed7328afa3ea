#include "tests/support/error_bound.h"

#include <algorithm>
#include <cmath>

#include "engine/graph/batch_norm.h"
#include "engine/graph/operations.h"
#include "engine/graph/score.h"

namespace apatite {
namespace {

using engine::reference::View;

constexpr double kUnit = 0x1p-24;       // of binary32
constexpr double kSmallest = 0x1p-149;  // the smallest binary32 above zero
constexpr double kOwn = 1 + 0x1p-20;    // more than what binary64 itself rounds here

double gamma(double n) { return n * kUnit / (1 - n * kUnit); }

template <class T, class Function>
std::vector<double> map(std::span<const T> values, Function f) {
  std::vector<double> mapped(values.size());
  std::transform(values.begin(), values.end(), mapped.begin(),
                 [&](T x) { return f(static_cast<double>(x)); });
  return mapped;
}

double absolute(double x) { return std::abs(x); }
double square(double x) { return x * x; }
double same(double x) { return x; }

// The inputs that the result is linear in: of a gradient only g; what it reads beside g decides
// where g goes.
bool linear_in(const engine::Op& op, std::size_t input) {
  return engine::operation_of(op).reads_forward == engine::ForwardValue::kNone || input == 0;
}

std::vector<std::vector<double>> map_all(const engine::Op& op,
                                         const std::vector<std::span<const float>>& inputs,
                                         double (*f)(double)) {
  std::vector<std::vector<double>> mapped;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    mapped.push_back(map(inputs[i], linear_in(op, i) ? f : same));
  }
  return mapped;
}

}  // namespace

ErrorBound::ErrorBound(const engine::Graph& graph, const engine::ParameterSource& source)
    : graph_(graph) {
  for (const engine::Node& node : graph.nodes()) {
    parameters_.push_back(engine::reference::load_parameters<double>(graph, node, source));
  }
}

double ErrorBound::chain_length(engine::NodeId id) const {
  return static_cast<double>(engine::chain_length(graph_, graph_.node(id)));
}

// True if every value of the result is one of the inputs or a constant.
bool ErrorBound::copies(engine::NodeId id) const { return chain_length(id) == 0; }

namespace {

// Attributes that results are multiplied by, with `f` applied to them.
template <class Function>
void map_attributes(engine::Op& op, Function f) {
  const auto map_scale = [&](engine::ScaledAdd& sum) {
    sum.scale = static_cast<float>(f(static_cast<double>(sum.scale)));
  };
  if (auto* sum = std::get_if<engine::ScaledAdd>(&op)) map_scale(*sum);
  if (auto* grad = std::get_if<engine::ScaledAddGrad>(&op)) map_scale(grad->forward);
}

}  // namespace

template <class Function>
std::vector<double> ErrorBound::apply(engine::NodeId id, const Values& inputs, bool with_shift,
                                      Function f) const {
  engine::Node node = graph_.node(id);
  map_attributes(node.op, f);
  engine::reference::NodeParameters<double> parameters;
  for (const engine::Tensor64& tensor : parameters_[id].tensors) {
    if (!with_shift && !parameters.tensors.empty()) break;  // the bias
    parameters.tensors.emplace_back(tensor.dims(), map(tensor.values(), f));
  }
  const engine::Affine<double>& affine = parameters_[id].affine;
  parameters.affine = {map(std::span<const double>(affine.scale), f),
                       map(std::span<const double>(affine.shift), f)};
  if (!with_shift) std::fill_n(parameters.affine.shift.begin(), affine.shift.size(), 0.0);
  std::vector<View<double>> x;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    x.push_back({inputs[i].data(), graph_.node(node.inputs[i]).shape});
  }
  std::vector<double> y(static_cast<std::size_t>(node.shape.size()));
  engine::reference::run_node(node, parameters, x, engine::kPredicted, y.data());
  return y;
}

ErrorBound::Local ErrorBound::local(engine::NodeId id,
                                    const std::vector<std::span<const float>>& inputs) const {
  const engine::Node& node = graph_.node(id);
  Local result{apply(id, map_all(node.op, inputs, same), true, same), {}};
  if (copies(id)) {
    result.bound.assign(result.value.size(), 0.0);
    return result;
  }
  const double n = chain_length(id);
  result.bound = apply(id, map_all(node.op, inputs, absolute), true, absolute);
  for (double& bound : result.bound) bound = (gamma(n) * bound + (n + 1) * kSmallest) * kOwn;
  if (engine::batch_norm_epsilon(node.op)) {
    // A scale that underflows is off by up to 2^-150, times x.
    for (std::size_t i = 0; i < inputs[0].size(); ++i) {
      result.bound[i] += std::abs(static_cast<double>(inputs[0][i])) * kSmallest;
    }
  }
  return result;
}

std::vector<double> ErrorBound::amplified(engine::NodeId id, const Values& errors) const {
  std::vector<double> moved = apply(id, errors, false, absolute);
  for (double& error : moved) error *= kOwn;
  return moved;
}

std::vector<double> ErrorBound::local_variance(
    engine::NodeId id, const std::vector<std::span<const float>>& inputs) const {
  const engine::Node& node = graph_.node(id);
  if (copies(id)) return std::vector<double>(static_cast<std::size_t>(node.shape.size()), 0.0);
  std::vector<double> variance = apply(id, map_all(node.op, inputs, square), true, square);
  for (double& v : variance) v *= kUnit * kUnit * chain_length(id);
  return variance;
}

std::vector<double> ErrorBound::amplified_variance(engine::NodeId id, const Values& variances,
                                                   std::span<const float> result) const {
  std::vector<double> variance = apply(id, variances, false, square);
  if (std::holds_alternative<engine::Relu>(graph_.node(id).op)) {
    for (std::size_t i = 0; i < variance.size(); ++i) {
      if (result[i] == 0) variance[i] = 0;
    }
  }
  return variance;
}

}  // namespace apatite
