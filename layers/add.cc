#include "layers/add.h"

#include <utility>

#include "base/error.h"

namespace apatite::layers {

engine::NodeId add(engine::GraphBuilder& graph, std::string name, engine::NodeId a,
                   engine::NodeId b) {
  const engine::Shape shape = graph.shape(a);
  if (graph.shape(b) != shape) {
    throw Error(ErrorKind::kUsage, name,
                "adds " + graph.name(a) + " (" + engine::to_text(shape) + ") and " + graph.name(b) +
                    " (" + engine::to_text(graph.shape(b)) + ")",
                "both must have one shape");
  }
  return graph.add(std::move(name), engine::Add{}, {a, b}, {}, shape);
}

}  // namespace apatite::layers
