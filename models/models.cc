#include "models/models.h"

#include <array>
#include <numeric>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "models/family.h"

namespace apatite::models {
namespace {

constexpr std::int64_t kMostClasses = 1'000'000;
constexpr std::int64_t kMostPixels = 1 << 16;  // along each axis

std::vector<ModelInfo> list_models() {
  std::vector<ModelInfo> list;
  for (const Family* family : families()) {
    for (const Family::Preset& preset : family->presets) {
      list.push_back({preset.name, family->name, preset.description, family->default_input,
                      family->default_classes});
    }
  }
  for (const Family* family : families()) {
    list.push_back({family->name, family->name, family->description, family->default_input,
                    family->default_classes});
  }
  return list;
}

[[noreturn]] void refuse_unknown(std::string_view name) {
  std::vector<std::string> names;
  for (const ModelInfo& model : models()) names.push_back(model.name);
  throw Error(ErrorKind::kUsage, name, "is not an architecture that apatite knows",
              "nearest: " + join(nearest(name, names)));
}

// What `config` names: a family and, unless it is the family itself, a preset.
struct Choice {
  const Family* family;
  const Family::Preset* preset;
};

Choice choose(std::string_view name) {
  for (const Family* family : families()) {
    if (family->name == name) return {family, nullptr};
    for (const Family::Preset& preset : family->presets) {
      if (preset.name == name) return {family, &preset};
    }
  }
  refuse_unknown(name);
}

// The user's options beside those that the preset fixes.
Json merge_options(const ModelConfig& config, const Choice& choice) {
  if (!config.options.is_object()) {
    throw Error(ErrorKind::kUsage, config.architecture, "\"options\" is not a JSON object");
  }
  Json options = config.options;
  if (choice.preset == nullptr) return options;
  for (const auto& [key, value] : choice.preset->options.items()) {
    if (options.contains(key)) {
      throw Error(ErrorKind::kUsage, config.architecture, "fixes the option \"" + key + '"',
                  "leave it out, or use the architecture \"" + choice.family->name + '"');
    }
    options[key] = value;
  }
  return options;
}

void check_range(const ModelConfig& config, std::string_view what, std::int64_t value,
                 std::int64_t most) {
  if (value >= 1 && value <= most) return;
  throw Error(ErrorKind::kUsage, config.architecture, std::string(what) + " is " + to_text(value),
              "use 1 to " + to_text(most));
}

GraphFunction configure(const ModelConfig& config) {
  const Choice choice = choose(config.architecture);
  check_range(config, "the number of classes", config.classes, kMostClasses);
  check_range(config, "the number of input channels", config.input_channels, kChannelCount.most);
  const Json options = merge_options(config, choice);
  return choice.family->configure(
      JsonObject(options, config.architecture + " options", ErrorKind::kUsage));
}

bool fits(const ModelConfig& config, const GraphFunction& build, std::int64_t size) {
  try {
    build({config.input_channels, size, size}, config.classes);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// The smallest square image that every layer accepts. Bisection: what fits an image fits a larger
// one.
std::optional<std::int64_t> smallest_input(const ModelConfig& config, const GraphFunction& build) {
  std::int64_t too_small = 0;
  std::int64_t large_enough = 4096;
  if (!fits(config, build, large_enough)) return std::nullopt;
  while (large_enough - too_small > 1) {
    const std::int64_t middle = (too_small + large_enough) / 2;
    (fits(config, build, middle) ? large_enough : too_small) = middle;
  }
  return large_enough;
}

}  // namespace

std::span<const Family* const> families() {
  static const std::array all{&resnet_family(), &cifar_resnet_family(), &densenet_family()};
  return all;
}

const Family& family_of(std::string_view architecture) { return *choose(architecture).family; }

std::span<const ModelInfo> models() {
  static const std::vector<ModelInfo> list = list_models();
  return list;
}

ModelConfig default_config(std::string_view name) {
  for (const ModelInfo& model : models()) {
    if (model.name != name) continue;
    return {.architecture = model.name,
            .classes = model.default_classes,
            .input_channels = model.default_input.channels};
  }
  refuse_unknown(name);
}

std::vector<std::int64_t> layers_per_stage(JsonObject& options, std::string_view key) {
  std::vector<std::int64_t> layers = options.integers(key, kLayerCount);
  const std::int64_t total = std::accumulate(layers.begin(), layers.end(), std::int64_t{0});
  if (layers.size() > 8 || total > kLayerCount.most) {
    options.refuse("\"" + std::string(key) + "\" has " +
                       to_text(static_cast<std::int64_t>(layers.size())) + " stages of " +
                       to_text(total) + " layers in all",
                   "use at most 8 stages and " + to_text(kLayerCount.most) + " layers");
  }
  return layers;
}

void check_model_config(const ModelConfig& config) { configure(config); }

engine::Graph build_model(const ModelConfig& config, std::int64_t height, std::int64_t width) {
  const GraphFunction build = configure(config);
  check_range(config, "the input's height", height, kMostPixels);
  check_range(config, "the input's width", width, kMostPixels);
  try {
    return build({config.input_channels, height, width}, config.classes);
  } catch (const Error& error) {
    const std::optional<std::int64_t> smallest = smallest_input(config, build);
    if (!smallest || (height >= *smallest && width >= *smallest)) throw;
    throw Error(
        ErrorKind::kUsage, config.architecture,
        "an input of " + to_text(height) + "x" + to_text(width) + " is too small: " + error.what(),
        "the smallest that fits is " + to_text(*smallest) + "x" + to_text(*smallest));
  }
}

}  // namespace apatite::models
