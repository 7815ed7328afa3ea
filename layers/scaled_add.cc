#include "layers/scaled_add.h"

#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace apatite::layers {

engine::NodeId scaled_add(engine::GraphBuilder& graph, std::string name, engine::NodeId x,
                          engine::NodeId branch, const engine::ScaledAdd& op) {
  const engine::Shape shape = graph.shape(x);
  if (graph.shape(branch) != shape) {
    throw Error(ErrorKind::kUsage, name,
                "adds " + graph.name(branch) + " (" + engine::to_text(graph.shape(branch)) +
                    ") to " + graph.name(x) + " (" + engine::to_text(shape) + ")",
                "both must have one shape");
  }
  if (!std::isfinite(op.scale)) {
    throw Error(ErrorKind::kUsage, name, "scale is " + to_text(op.scale), "use a finite number");
  }
  return graph.add(std::move(name), op, {x, branch}, {}, shape);
}

engine::NodeId scaled_add_grad(engine::GraphBuilder& graph, std::string name, engine::NodeId node,
                               engine::NodeId g) {
  const engine::Node sum = graph.node(node);
  return graph.add(std::move(name), engine::ScaledAddGrad{std::get<engine::ScaledAdd>(sum.op)}, {g},
                   {}, sum.shape);
}

}  // namespace apatite::layers
