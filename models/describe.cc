#include "models/describe.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "engine/graph/operations.h"

namespace apatite::models {
namespace {

std::string pair(std::int64_t height, std::int64_t width) {
  return to_text(height) + "x" + to_text(width);
}

std::string window(const engine::Extent& kernel, const engine::Extent& stride,
                   const engine::Extent& dilation, const engine::Padding& padding) {
  std::string text = pair(kernel.height, kernel.width);
  if (stride != engine::Extent{}) text += " stride " + pair(stride.height, stride.width);
  if (dilation != engine::Extent{}) text += " dilation " + pair(dilation.height, dilation.width);
  if (padding == engine::Padding::same(padding.top) && padding.top > 0) {
    text += " padding " + to_text(padding.top);
  } else if (padding != engine::Padding{}) {
    text += " padding " + to_text(padding.top) + "," + to_text(padding.left) + "," +
            to_text(padding.bottom) + "," + to_text(padding.right);
  }
  return text;
}

// "conv2d 3x3 stride 2x2 padding 1"; what is at its default is left out.
std::string op_text(const engine::Op& op) {
  const std::string name(engine::op_name(op));
  return std::visit(
      engine::Overloaded{
          [&](const engine::Conv2d& conv) {
            return name + ' ' + window(conv.kernel, conv.stride, conv.dilation, conv.padding) +
                   (conv.groups != 1 ? " groups " + to_text(conv.groups) : "") +
                   (conv.bias ? " bias" : "");
          },
          [&](const engine::MaxPool2d& pool) {
            return name + ' ' + window(pool.kernel, pool.stride, pool.dilation, pool.padding);
          },
          [&](const engine::AvgPool2d& pool) {
            return name + ' ' + window(pool.kernel, pool.stride, engine::Extent{}, pool.padding);
          },
          [&](const engine::Conv2dInputGrad& grad) {
            const engine::Conv2d& conv = grad.forward;
            return name + ' ' + window(conv.kernel, conv.stride, conv.dilation, conv.padding) +
                   (conv.groups != 1 ? " groups " + to_text(conv.groups) : "");
          },
          [&](const engine::SubsamplePad& pad) { return name + " stride " + to_text(pad.stride); },
          [&](const auto& /*no attributes to show*/) { return name; },
      },
      op);
}

using Row = std::array<std::string, 5>;

Row row_of(const engine::Graph& graph, engine::NodeId id) {
  const engine::Node& node = graph.node(id);
  const Cost cost = node_cost(graph, id);
  const auto count = [](std::int64_t n) { return n == 0 ? std::string() : with_thousands(n); };
  return {node.name, op_text(node.op), engine::to_text(node.shape), count(cost.parameters),
          count(cost.multiply_adds)};
}

// Names and ops start their column, numbers end theirs; no blanks at the end of a line.
std::string render(const std::vector<Row>& rows) {
  std::array<std::size_t, 5> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - row[i].size(), ' ');
      line += i < 3 ? row[i] + blanks : blanks + row[i];
      if (i + 1 < row.size()) line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace

Cost node_cost(const engine::Graph& graph, engine::NodeId id) {
  const engine::Node& node = graph.node(id);
  return {.parameters = engine::learnt_parameters(graph, node),
          .multiply_adds = engine::multiply_adds(graph, node)};
}

Cost total_cost(const engine::Graph& graph) {
  Cost total;
  for (engine::NodeId id = 0; id < graph.nodes().size(); ++id) {
    const Cost cost = node_cost(graph, id);
    total.parameters += cost.parameters;
    total.multiply_adds += cost.multiply_adds;
  }
  return total;
}

std::vector<engine::NodeId> candidate_taps(const engine::Graph& graph) {
  const auto readers = graph.consumers();
  std::vector<engine::NodeId> taps;
  engine::NodeId furthest = graph.input();  // the last node that reads one before the current
  for (engine::NodeId id = graph.input(); id < graph.output(); ++id) {
    const bool all_paths = furthest <= id;
    for (const engine::NodeId reader : readers[id]) {
      if (reader <= graph.output()) furthest = std::max(furthest, reader);  // else a gradient
    }
    const engine::Shape& shape = graph.node(id).shape;
    if (!all_paths || id == graph.input() || shape.height * shape.width == 1) continue;
    const auto same_size = [&](engine::NodeId tap) {
      const engine::Shape& other = graph.node(tap).shape;
      return other.height == shape.height && other.width == shape.width;
    };
    if (!taps.empty() && same_size(taps.back())) taps.pop_back();
    taps.push_back(id);
  }
  return taps;
}

std::string describe(const engine::Graph& graph) {
  std::vector<Row> rows{{"node", "op", "shape", "parameters", "multiply-adds"}};
  for (engine::NodeId id = 0; id < graph.nodes().size(); ++id) rows.push_back(row_of(graph, id));
  const Cost total = total_cost(graph);
  rows.push_back(
      {"total", "", "", with_thousands(total.parameters), with_thousands(total.multiply_adds)});
  std::vector<std::string> taps;
  for (const engine::NodeId id : candidate_taps(graph)) taps.push_back(graph.node(id).name);
  return render(rows) + "candidate taps: " + join(taps) + '\n';
}

}  // namespace apatite::models
