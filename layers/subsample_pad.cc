#include "layers/subsample_pad.h"

#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace apatite::layers {

engine::NodeId subsample_pad(engine::GraphBuilder& graph, std::string name, engine::NodeId x,
                             const engine::SubsamplePad& op) {
  if (op.stride < 1) {
    throw Error(ErrorKind::kUsage, name, "stride is " + to_text(op.stride), "use 1 or more");
  }
  if (op.channels_before < 0 || op.channels_after < 0) {
    throw Error(ErrorKind::kUsage, name,
                "pads " + to_text(op.channels_before) + " channels before and " +
                    to_text(op.channels_after) + " after",
                "use 0 or more");
  }
  const engine::Shape in = graph.shape(x);
  const engine::Shape out{op.channels_before + in.channels + op.channels_after,
                          (in.height - 1) / op.stride + 1, (in.width - 1) / op.stride + 1};
  return graph.add(std::move(name), op, {x}, {}, out);
}

engine::NodeId subsample_pad_grad(engine::GraphBuilder& graph, std::string name,
                                  engine::NodeId node, engine::NodeId g) {
  const engine::Node shortcut = graph.node(node);
  return graph.add(std::move(name),
                   engine::SubsamplePadGrad{std::get<engine::SubsamplePad>(shortcut.op)}, {g}, {},
                   graph.shape(shortcut.inputs[0]));
}

}  // namespace apatite::layers
