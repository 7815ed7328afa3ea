#include "layers/add.h"

#include <utility>

#include "base/error.h"

namespace apatite {

NodeId add(GraphBuilder& graph, std::string name, NodeId a, NodeId b) {
  const Shape shape = graph.shape(a);
  if (graph.shape(b) != shape) {
    throw Error(ErrorKind::kUsage, name,
                "adds " + graph.name(a) + " (" + to_text(shape) + ") and " + graph.name(b) + " (" +
                    to_text(graph.shape(b)) + ")",
                "both must have one shape");
  }
  return graph.add(std::move(name), Add{}, {a, b}, {}, shape);
}

}  // namespace apatite
