#include "engine/backend/backend.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "engine/backend/targets.h"

namespace apatite::engine {

std::vector<Tensor64> Executable::run64(const Tensor& input,
                                        std::span<const std::int64_t> targets) {
  std::vector<Tensor64> wide;
  for (const Tensor& tensor : run(input, targets)) wide.push_back(widen(tensor));
  return wide;
}

void check_available(const Backend& backend) {
  const std::string reason = backend.unavailable_reason();
  if (reason.empty()) return;
  throw Error(ErrorKind::kUnavailable, backend.name(), "this backend cannot run here: " + reason);
}

void check_input(const Graph& graph, const Tensor& input) {
  const Shape& shape = graph.node(graph.input()).shape;
  const bool fits = input.dims().size() == 4 && input.dims()[0] >= 1 &&
                    input.dims() == shape.with_batch(input.dims()[0]);
  if (!fits) {
    throw Error(ErrorKind::kUsage, "input", "is " + to_text(std::span(input.dims())),
                "this network takes Nx" + to_text(shape));
  }
}

void check_targets(std::span<const std::int64_t> targets, std::int64_t batch, std::int64_t logits) {
  if (targets.empty()) return;
  if (targets.size() != static_cast<std::size_t>(batch)) {
    throw Error(
        ErrorKind::kUsage, "targets",
        to_text(static_cast<std::int64_t>(targets.size())) + " for " + to_text(batch) + " images",
        "give one per image, or none for the predicted classes");
  }
  const std::int64_t classes = class_count(logits);
  for (const std::int64_t target : targets) {
    if (target == kPredicted || (target >= 0 && target < classes)) continue;
    throw Error(ErrorKind::kUsage, "target " + to_text(target),
                "is not a class of this network, which has " + to_text(classes),
                "use 0 to " + to_text(classes - 1));
  }
}

void check_targets(const Graph& graph, std::span<const std::int64_t> targets, std::int64_t batch) {
  if (targets.empty()) return;
  const auto& nodes = graph.nodes();
  const auto score = std::find_if(nodes.begin(), nodes.end(), [](const Node& node) {
    return std::holds_alternative<ScoreGrad>(node.op);
  });
  if (score == nodes.end()) {
    throw Error(ErrorKind::kUsage, "targets", "this graph has no gradient that depends on them",
                "differentiate it first, or give none");
  }
  check_targets(targets, batch, score->shape.channels);
}

Error non_finite_error(const Node& node, std::int64_t index, std::int64_t image) {
  const std::int64_t plane = node.shape.height * node.shape.width;
  return {ErrorKind::kNumeric, node.name,
          "a non-finite value arose first in this node (image " + to_text(image) +
              " of the batch, channel " + to_text(index / plane) + ", row " +
              to_text(index % plane / node.shape.width) + ", column " +
              to_text(index % node.shape.width) + ")",
          "check the weights and the range of the input"};
}

std::vector<NodeId> resolve_outputs(const Graph& graph, const CompileOptions& options) {
  if (options.outputs.empty()) return {graph.output()};
  for (const NodeId id : options.outputs) {
    if (id >= graph.nodes().size()) {
      throw Error(ErrorKind::kUsage, "output",
                  "there is no node number " + to_text(static_cast<std::int64_t>(id)));
    }
  }
  return options.outputs;
}

std::string resolve_isa(const Backend& backend, std::string_view requested) {
  check_available(backend);
  std::vector<std::string> present;
  for (const Isa& isa : backend.isas()) {
    if (isa.present) present.push_back(isa.name);
    if (isa.name == requested && !isa.present) {
      throw Error(ErrorKind::kUnavailable, requested, "this CPU does not have it");
    }
  }
  if (requested.empty()) return present.at(0);
  if (std::find(present.begin(), present.end(), requested) == present.end()) {
    throw Error(ErrorKind::kUnavailable, requested,
                "backend " + std::string(backend.name()) + " has no such instruction set",
                "choose one of " + join(present));
  }
  return std::string(requested);
}

}  // namespace apatite::engine
