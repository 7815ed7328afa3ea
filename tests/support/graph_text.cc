#include "tests/support/graph_text.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "base/file.h"
#include "layers/add.h"
#include "layers/avg_pool2d.h"
#include "layers/batch_norm.h"
#include "layers/concat.h"
#include "layers/conv2d.h"
#include "layers/global_avg_pool.h"
#include "layers/linear.h"
#include "layers/max_pool2d.h"
#include "layers/relu.h"
#include "layers/scaled_add.h"
#include "layers/subsample_pad.h"

namespace apatite {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::invalid_argument("not a number: " + text);
  }
  return value;
}

float real(const std::string& text) {
  float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::invalid_argument("not a number: " + text);
  }
  return value;
}

// One step: its name, its plain arguments, its options. Every option must be used.
class Step {
 public:
  explicit Step(const std::string& text) {
    for (const std::string& word : split(text, ' ')) {
      const std::size_t equals = word.find('=');
      if (name.empty()) {
        name = word;
      } else if (equals != std::string::npos) {
        options_[word.substr(0, equals)] = word.substr(equals + 1);
      } else {
        words.push_back(word);
      }
    }
  }

  std::string take(const std::string& key, const std::string& fallback) {
    const auto found = options_.find(key);
    if (found == options_.end()) return fallback;
    const std::string value = found->second;
    options_.erase(found);
    return value;
  }
  engine::Extent extent(const std::string& key) {
    const std::vector<std::string> parts = split(take(key, "1"), 'x');
    return {number(parts.at(0)), number(parts.back())};
  }
  engine::Padding padding() {
    const std::vector<std::string> parts = split(take("padding", "0"), ',');
    if (parts.size() == 1) return engine::Padding::same(number(parts[0]));
    return {number(parts.at(0)), number(parts.at(1)), number(parts.at(2)), number(parts.at(3))};
  }
  bool flag(const std::string& word) {
    const auto found = std::find(words.begin(), words.end(), word);
    if (found == words.end()) return false;
    words.erase(found);
    return true;
  }
  std::string word() {
    const std::string first = words.at(0);
    words.erase(words.begin());
    return first;
  }
  void finish() const {
    if (!options_.empty()) throw std::invalid_argument("unknown " + options_.begin()->first);
    if (!words.empty()) throw std::invalid_argument("unknown " + words.front());
  }

  std::string name;
  std::vector<std::string> words;

 private:
  std::map<std::string, std::string> options_;
};

class Reader {
 public:
  explicit Reader(engine::GraphBuilder& graph) : graph_(graph) {}

  void apply(Step step) {
    const std::string name = step.name + std::to_string(++count_);
    x_ = layer(step, name);
    step.finish();
  }
  [[nodiscard]] engine::NodeId result() const { return x_; }

 private:
  engine::NodeId layer(Step& step, const std::string& name) {
    if (step.name == "conv") return conv(step, name);
    if (step.name == "bn") return layers::batch_norm(graph_, name, x_);
    if (step.name == "relu") return layers::relu(graph_, name, x_);
    if (step.name == "gap") return layers::global_avg_pool(graph_, name, x_);
    if (step.name == "maxpool" || step.name == "avgpool") return pool(step, name);
    if (step.name == "linear") {
      const bool bias = !step.flag("nobias");
      return layers::linear(graph_, name, x_, {.out_features = number(step.word()), .bias = bias});
    }
    if (step.name == "subsample") {
      return layers::subsample_pad(graph_, name, x_,
                                   {.stride = number(step.take("stride", "1")),
                                    .channels_before = number(step.take("before", "0")),
                                    .channels_after = number(step.take("after", "0"))});
    }
    if (step.name == "mark") return kept_[step.word()] = x_;
    if (step.name == "from") return kept_.at(step.word());
    if (step.name == "add") return layers::add(graph_, name, kept_.at(step.word()), x_);
    if (step.name == "scaledadd") {
      const engine::NodeId x = kept_.at(step.word());
      return layers::scaled_add(graph_, name, x, x_, {.scale = real(step.take("scale", "1"))});
    }
    if (step.name == "concat") return concat_kept(step, name);
    throw std::invalid_argument("unknown step " + step.name);
  }

  engine::NodeId conv(Step& step, const std::string& name) {
    const engine::Conv2d op{.out_channels = number(step.word()),
                            .kernel = step.extent("kernel"),
                            .stride = step.extent("stride"),
                            .dilation = step.extent("dilation"),
                            .padding = step.padding(),
                            .groups = number(step.take("groups", "1")),
                            .bias = step.flag("bias")};
    return layers::conv2d(graph_, name, x_, op);
  }

  engine::NodeId pool(Step& step, const std::string& name) {
    const engine::Extent kernel = step.extent("kernel");
    const engine::Extent stride = step.extent("stride");
    const engine::Padding padding = step.padding();
    const layers::Rounding rounding =
        step.flag("ceil") ? layers::Rounding::kCeil : layers::Rounding::kFloor;
    if (step.name == "maxpool") {
      return layers::max_pool2d(graph_, name, x_,
                                {kernel, stride, step.extent("dilation"), padding}, rounding);
    }
    const bool exclude = step.flag("exclude_pad");
    return layers::avg_pool2d(graph_, name, x_, {kernel, stride, padding, !exclude}, rounding);
  }

  engine::NodeId concat_kept(Step& step, const std::string& name) {
    std::vector<engine::NodeId> inputs;
    while (!step.words.empty()) inputs.push_back(kept_.at(step.word()));
    inputs.push_back(x_);
    return layers::concat(graph_, name, inputs);
  }

  engine::GraphBuilder& graph_;
  engine::NodeId x_ = 0;
  int count_ = 0;
  std::map<std::string, engine::NodeId> kept_;
};

}  // namespace

engine::Graph graph_from_text(std::string_view line) {
  const std::vector<std::string> steps = split(std::string(line), '|');
  Step first(steps.at(0));
  const std::vector<std::string> dims = split(first.word(), 'x');
  if (first.name != "input" || dims.size() != 3) {
    throw std::invalid_argument("a network starts with: input CxHxW");
  }
  engine::GraphBuilder graph({number(dims[0]), number(dims[1]), number(dims[2])});
  Reader reader(graph);
  for (std::size_t i = 1; i < steps.size(); ++i) reader.apply(Step(steps[i]));
  return std::move(graph).build(reader.result());
}

std::vector<std::string> read_lines(const std::filesystem::path& path) {
  std::vector<std::string> lines;
  for (const std::string& line : split(read_file(path, 1 << 20), '\n')) {
    if (!line.starts_with('#')) lines.push_back(line);
  }
  return lines;
}

}  // namespace apatite
