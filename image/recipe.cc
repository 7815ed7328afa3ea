#include "image/recipe.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/json_object.h"
#include "base/sha256.h"
#include "base/text.h"

namespace apatite {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kMaxSteps = 64;
constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

struct AlphaRuleName {
  AlphaRule rule;
  std::string_view name;
};
constexpr std::array kAlphaRuleNames{
    AlphaRuleName{AlphaRule::kRefuse, "refuse"},
    AlphaRuleName{AlphaRule::kIgnore, "ignore"},
    AlphaRuleName{AlphaRule::kBlack, "black"},
    AlphaRuleName{AlphaRule::kWhite, "white"},
};

AlphaRule alpha_from_json(JsonObject& object) {
  std::vector<std::string> names;
  names.reserve(kAlphaRuleNames.size());
  for (const auto& [rule, name] : kAlphaRuleNames) names.emplace_back(name);
  const std::string text = object.choice_or("alpha", "refuse", names);
  return std::find_if(kAlphaRuleNames.begin(), kAlphaRuleNames.end(),
                      [&](const AlphaRuleName& entry) { return entry.name == text; })
      ->rule;
}

std::string_view name_of(AlphaRule rule) {
  return std::find_if(kAlphaRuleNames.begin(), kAlphaRuleNames.end(),
                      [&](const AlphaRuleName& entry) { return entry.rule == rule; })
      ->name;
}

int bit_depth_from_json(JsonObject& object) {
  if (!object.has("bit_depth") || object.value("bit_depth") == "any") return 0;
  const Json& value = object.value("bit_depth");
  if (value != 8 && value != 16) object.refuse("has an unknown \"bit_depth\"", "8, 16 or \"any\"");
  return value.get<int>();
}

double divisor_from_json(JsonObject& object) {
  const Json& value = object.value("divide_by");
  if (value == "max") return 0;
  if (!value.is_number() || value.get<double>() <= 0) {
    object.refuse("has an impossible \"divide_by\"",
                  "a number above 0, or \"max\" for the largest value of the image's samples");
  }
  return value.get<double>();
}

std::vector<double> per_channel_from_json(JsonObject& object, std::string_view key,
                                          std::int64_t channels) {
  const Json& value = object.value(key);
  const bool numbers =
      value.is_array() && value.size() == static_cast<std::size_t>(channels) &&
      std::all_of(value.begin(), value.end(), [](const Json& item) { return item.is_number(); });
  if (!numbers) {
    object.refuse("needs as \"" + std::string(key) + "\" one number per channel",
                  "write a list of " + to_text(channels));
  }
  return value.get<std::vector<double>>();
}

std::vector<GeometryStep> steps_from_json(JsonObject& object, std::string_view where) {
  const Json& list = object.value("steps");
  if (!list.is_array() || list.size() > kMaxSteps) {
    object.refuse("needs as \"steps\" a list of at most " +
                      to_text(static_cast<std::int64_t>(kMaxSteps)) + " steps",
                  "an empty list keeps the image's size");
  }
  std::vector<GeometryStep> steps;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string index = to_text(static_cast<std::int64_t>(i));
    steps.push_back(
        geometry_step_from_json(list[i], std::string(where) + ": steps[" + index + "]"));
  }
  return steps;
}

// The size after the steps as far as they fix it, whatever the image's.
std::optional<PixelSize> fixed_size(std::span<const GeometryStep> steps, std::string_view where) {
  std::optional<PixelSize> size;
  for (const GeometryStep& step : steps) {
    size = size ? output_size(step, *size, where) : fixed_size(step);
  }
  return size;
}

Shape shape_of(const Image& image) { return {image.channels, image.height, image.width}; }

RecipeStep describe_step(std::string name, const Image& image) {
  RecipeStep step{std::move(name), shape_of(image), 0, 0, sha256_hex(sample_bytes(image))};
  visit_samples(image, [&](auto samples) {
    const auto [low, high] = std::minmax_element(samples.begin(), samples.end());
    step.min = static_cast<double>(*low);
    step.max = static_cast<double>(*high);
  });
  return step;
}

RecipeStep describe_step(std::string name, const Tensor& tensor) {
  const Dims& dims = tensor.dims();
  const auto [low, high] = std::minmax_element(tensor.values().begin(), tensor.values().end());
  return {std::move(name), Shape{dims[1], dims[2], dims[3]}, *low, *high,
          sha256_hex(std::as_bytes(tensor.values()))};
}

}  // namespace

Recipe Recipe::from_json(const Json& json, std::string_view where) {
  JsonObject object(json, where);
  Recipe recipe;
  static_cast<void>(object.integer("recipe", {kVersion, kVersion}));
  recipe.channels_ = object.integer("channels", {1, 3});
  if (recipe.channels_ == 2) object.refuse("takes 2 channels", "1 (grey) or 3 (RGB)");
  recipe.alpha_ = alpha_from_json(object);
  recipe.bit_depth_ = bit_depth_from_json(object);
  if (object.has("dicom")) {
    recipe.dicom_ = dicom_options_from_json(object.value("dicom"), std::string(where) + ": dicom");
  }
  recipe.steps_ = steps_from_json(object, where);
  recipe.divide_by_ = divisor_from_json(object);
  recipe.mean_ = per_channel_from_json(object, "mean", recipe.channels_);
  recipe.std_ = per_channel_from_json(object, "std", recipe.channels_);
  object.finish();
  if (std::any_of(recipe.std_.begin(), recipe.std_.end(), [](double s) { return s <= 0; })) {
    object.refuse("has a \"std\" that is not above 0", "the values are divided by it");
  }
  fixed_size(recipe.steps_, where);  // refuses steps that can never be applied
  return recipe;
}

Recipe Recipe::read(const std::filesystem::path& path) {
  return from_json(parse_json(read_file(path, kMaxFileBytes), path.string()), path.string());
}

Json Recipe::to_json() const {
  Json steps = Json::array();
  for (const GeometryStep& step : steps_) steps.push_back(apatite::to_json(step));
  Json json{{"recipe", kVersion},        {"channels", channels_}, {"alpha", name_of(alpha_)},
            {"steps", std::move(steps)}, {"mean", mean_},         {"std", std_}};
  json["bit_depth"] = bit_depth_ == 0 ? Json("any") : Json(bit_depth_);
  if (dicom_) json["dicom"] = apatite::to_json(*dicom_);
  json["divide_by"] = divide_by_ == 0 ? Json("max") : Json(divide_by_);
  return json;
}

std::string Recipe::sha256() const {
  const std::string text = to_text(to_json());
  return sha256_hex(std::as_bytes(std::span(text)));
}

bool Recipe::has_fixed_size() const { return fixed_size(steps_, "recipe").has_value(); }

Shape Recipe::output_shape() const {
  const auto size = fixed_size(steps_, "recipe");
  if (!size) {
    throw Error(ErrorKind::kUsage, "recipe", "does not fix the size of the network's input",
                "add a resize or crop step to it, or ask per image");
  }
  return {channels_, size->height, size->width};
}

std::vector<PixelSize> Recipe::sizes(const Image& image) const {
  std::vector<PixelSize> sizes{{image.height, image.width}};
  for (const GeometryStep& step : steps_) {
    sizes.push_back(output_size(step, sizes.back(), image.source));
  }
  return sizes;
}

Shape Recipe::output_shape(const Image& image) const {
  const PixelSize size = sizes(image).back();
  return {channels_, size.height, size.width};
}

PixelMap Recipe::pixel_map(const Image& image) const {
  const std::vector<PixelSize> before = sizes(image);
  PixelMap map;
  for (std::size_t i = 0; i < steps_.size(); ++i) map = after_step(map, steps_[i], before[i]);
  return map;
}

SourceBox Recipe::visible_part(const Image& image) const {
  const std::vector<PixelSize> before = sizes(image);
  SourceBox box{0, 0, static_cast<double>(image.height), static_cast<double>(image.width)};
  PixelMap map;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    map = after_step(map, steps_[i], before[i]);
    const PixelSize size = before[i + 1];
    box.top = std::max(box.top, map.offset_y);
    box.left = std::max(box.left, map.offset_x);
    box.bottom =
        std::min(box.bottom, map.offset_y + map.scale_y * static_cast<double>(size.height));
    box.right = std::min(box.right, map.offset_x + map.scale_x * static_cast<double>(size.width));
  }
  return box;
}

Tensor Recipe::apply(const Image& image) const { return run(image, nullptr); }

RecipeResult Recipe::apply_traced(const Image& image) const {
  RecipeResult result;
  result.tensor = run(image, &result.trace);
  result.map = pixel_map(image);
  return result;
}

void Recipe::check_type(const Image& image) const {
  if (bit_depth_ != 0 && image.bit_depth() != bit_depth_) {
    throw Error(ErrorKind::kBadFile, image.source,
                "has " + to_text(std::int64_t{image.bit_depth()}) +
                    "-bit samples where the recipe takes " + to_text(std::int64_t{bit_depth_}) +
                    "-bit ones",
                "use the images that the network was trained on, or another recipe");
  }
}

Tensor Recipe::run(const Image& image, std::vector<RecipeStep>* trace) const {
  check_type(image);
  static_cast<void>(sizes(image));  // refuse before any work
  const auto note = [&](std::string_view name, const auto& state) {
    if (trace != nullptr) trace->push_back(describe_step(std::string(name), state));
  };
  note("decoded", image);
  const Image* current = &image;
  Image owned;
  const auto take = [&](std::string_view name, Image next) {
    owned = std::move(next);
    current = &owned;
    note(name, owned);
  };
  if (image.has_alpha()) take("alpha", remove_alpha(image, alpha_));
  if (channels_ == 1 && current->channels == 3) take("grey", grey_from_equal_channels(*current));
  for (const GeometryStep& step : steps_) take(step_name(step), apply_step(step, *current));
  Tensor tensor = normalize(*current);
  note("normalized", tensor);
  return tensor;
}

Tensor Recipe::normalize(const Image& image) const {
  auto tensor = Tensor::uninitialized(Shape{channels_, image.height, image.width}.with_batch(1));
  const double divisor = divide_by_ == 0 ? image.max_sample() : divide_by_;
  const auto pixels = static_cast<std::size_t>(image.height * image.width);
  const auto stride = static_cast<std::size_t>(image.channels);
  visit_samples(image, [&]<class T>(std::span<const T> samples) {
    for (std::size_t c = 0; c < static_cast<std::size_t>(channels_); ++c) {
      const auto value = [&, mean = mean_[c], deviation = std_[c]](T sample) {
        // + 0: no -0 (docs/arithmetic.md, "one zero")
        return static_cast<float>((static_cast<double>(sample) / divisor - mean) / deviation) +
               0.0F;
      };
      const T* from = samples.data() + (stride == 1 ? 0 : c);
      float* to = tensor.data() + c * pixels;
      if constexpr (sizeof(T) == 1) {
        std::array<float, 256> table;
        for (std::size_t i = 0; i < table.size(); ++i) table[i] = value(static_cast<T>(i));
        for (std::size_t i = 0; i < pixels; ++i) to[i] = table[from[i * stride]];
      } else {
        for (std::size_t i = 0; i < pixels; ++i) to[i] = value(from[i * stride]);
      }
    }
  });
  if (const std::int64_t index = first_non_finite(tensor.values()); index >= 0) {
    throw Error(ErrorKind::kNumeric, image.source,
                "gives a value beyond binary32 at element " + to_text(index) + " of its tensor",
                "check divide_by, mean and std of the recipe");
  }
  return tensor;
}

}  // namespace apatite
