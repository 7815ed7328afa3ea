#include "image/recipe/recipe.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "image/codec/exif.h"
#include "image/recipe/recipe_presets.h"

namespace apatite::image {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kMaxSteps = 64;
constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

// A choice and its word in the JSON; the first is what a recipe without the key means.
template <class Rule>
struct Word {
  Rule rule;
  std::string_view word;
};
constexpr std::array<Word<AlphaRule>, 4> kAlphaWords{{{AlphaRule::kRefuse, "refuse"},
                                                      {AlphaRule::kIgnore, "ignore"},
                                                      {AlphaRule::kBlack, "black"},
                                                      {AlphaRule::kWhite, "white"}}};
constexpr std::array<Word<OrientationRule>, 3> kOrientationWords{
    {{OrientationRule::kRefuse, "refuse"},
     {OrientationRule::kApply, "apply"},
     {OrientationRule::kIgnore, "ignore"}}};
constexpr std::array<Word<GreyRule>, 4> kGreyWords{{{GreyRule::kEqual, "equal"},
                                                    {GreyRule::kPillow, "pillow"},
                                                    {GreyRule::kOpenCv, "opencv"},
                                                    {GreyRule::kRec709, "rec709"}}};
constexpr std::array<Word<bool>, 2> kOrderWords{{{false, "RGB"}, {true, "BGR"}}};
constexpr std::array<Word<bool>, 2> kStandardizeWords{{{false, "image"}, {true, "channels"}}};

template <class Words>
auto choice_from_json(JsonObject& object, std::string_view key, const Words& words) {
  std::vector<std::string> names;
  names.reserve(words.size());
  for (const auto& [rule, word] : words) names.emplace_back(word);
  const std::string text = object.choice_or(key, words.front().word, names);
  return std::find_if(words.begin(), words.end(), [&](const auto& w) { return w.word == text; })
      ->rule;
}

template <class Words, class Rule>
std::string_view word_of(const Words& words, Rule rule) {
  return std::find_if(words.begin(), words.end(), [&](const auto& w) { return w.rule == rule; })
      ->word;
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
std::optional<Size> fixed_size(std::span<const GeometryStep> steps, std::string_view where) {
  std::optional<Size> size;
  for (const GeometryStep& step : steps) size = fixed_size(step, size, where);
  return size;
}

// A box is given in pixels of the image, so nothing may have moved them.
void check_box_is_first(std::span<const GeometryStep> steps, std::string_view where) {
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (!std::holds_alternative<CropBox>(steps[i])) continue;
    throw Error(ErrorKind::kBadFile, where,
                "has crop_box as step " + to_text(static_cast<std::int64_t>(i)) +
                    ", after others have moved the pixels",
                "let it be the first step");
  }
}

engine::Shape shape_of(const Image& image) { return {image.channels, image.height, image.width}; }

RecipeStep describe_step(std::string name, const Image& image) {
  RecipeStep step{std::move(name), shape_of(image), 0, 0, sha256_hex(sample_bytes(image))};
  visit_samples(image, [&](auto samples) {
    const auto [low, high] = std::minmax_element(samples.begin(), samples.end());
    step.min = static_cast<double>(*low);
    step.max = static_cast<double>(*high);
  });
  return step;
}

RecipeStep describe_step(std::string name, const engine::Tensor& tensor) {
  const engine::Dims& dims = tensor.dims();
  const auto [low, high] = std::minmax_element(tensor.values().begin(), tensor.values().end());
  return {std::move(name), engine::Shape{dims[1], dims[2], dims[3]}, *low, *high,
          sha256_hex(std::as_bytes(tensor.values()))};
}

}  // namespace

Recipe Recipe::from_json(const Json& json, std::string_view where) {
  JsonObject object(json, where);
  Recipe recipe;
  static_cast<void>(object.integer("recipe", {kVersion, kVersion}));
  recipe.normalization_.channels = object.integer("channels", {1, 3});
  if (recipe.channels() == 2) object.refuse("takes 2 channels", "1 (grey) or 3 (RGB)");
  recipe.orientation_ = choice_from_json(object, "exif_orientation", kOrientationWords);
  recipe.alpha_ = choice_from_json(object, "alpha", kAlphaWords);
  recipe.bit_depth_ = bit_depth_from_json(object);
  if (object.has("dicom")) {
    recipe.dicom_ = dicom_options_from_json(object.value("dicom"), std::string(where) + ": dicom");
  }
  if (object.has("jpeg")) {
    recipe.jpeg_ = jpeg_options_from_json(object.value("jpeg"), std::string(where) + ": jpeg");
  }
  if (object.has("grey")) recipe.grey_ = choice_from_json(object, "grey", kGreyWords);
  recipe.steps_ = steps_from_json(object, where);
  recipe.divide_by_ = divisor_from_json(object);
  recipe.read_normalization(object);
  object.finish();
  check_box_is_first(recipe.steps_, where);
  fixed_size(recipe.steps_, where);  // refuses steps that can never be applied
  return recipe;
}

void Recipe::read_normalization(JsonObject& object) {
  Normalization& rule = normalization_;
  rule.reversed = choice_from_json(object, "channel_order", kOrderWords);
  if (rule.reversed && rule.channels == 1) {
    object.refuse("has a \"channel_order\" for one channel", "leave it out");
  }
  if (!object.has("standardize")) {
    rule.mean = per_channel_from_json(object, "mean", rule.channels);
    rule.std = per_channel_from_json(object, "std", rule.channels);
    if (std::any_of(rule.std.begin(), rule.std.end(), [](double s) { return s <= 0; })) {
      object.refuse("has a \"std\" that is not above 0", "the values are divided by it");
    }
    return;
  }
  if (object.has("mean") || object.has("std")) {
    object.refuse("has \"standardize\" and also \"mean\" or \"std\"", "leave out one or the other");
  }
  JsonObject given(object.value("standardize"), "standardize");
  rule.standardize = Standardize{choice_from_json(given, "over", kStandardizeWords),
                                 given.number_or("least_std", 0.0)};
  if (rule.standardize->least_std < 0) {
    given.refuse("has a \"least_std\" below 0", "write 0 or a small number");
  }
  given.finish();
}

Recipe Recipe::read(const std::filesystem::path& path) {
  if (const RecipePreset* preset = find_recipe_preset(path.string())) {
    return from_json(parse_json(preset->json, preset->name), preset->name);
  }
  return from_json(parse_json(read_file(path, kMaxFileBytes), path.string()), path.string());
}

Json Recipe::to_json() const {
  Json steps = Json::array();
  for (const GeometryStep& step : steps_) steps.push_back(image::to_json(step));
  Json json = normalization_to_json();
  json["recipe"] = kVersion;
  json["channels"] = channels();
  json["alpha"] = word_of(kAlphaWords, alpha_);
  json["bit_depth"] = bit_depth_ == 0 ? Json("any") : Json(bit_depth_);
  if (dicom_) json["dicom"] = image::to_json(*dicom_);
  if (jpeg_ != JpegOptions{}) json["jpeg"] = image::to_json(jpeg_);
  json["steps"] = std::move(steps);
  json["divide_by"] = divide_by_ == 0 ? Json("max") : Json(divide_by_);
  if (orientation_ != OrientationRule::kRefuse) {
    json["exif_orientation"] = word_of(kOrientationWords, orientation_);
  }
  // For one channel "equal" is what a recipe without the key means; for three it changes something.
  if (grey_ && (channels() == 3 || grey_ != GreyRule::kEqual)) {
    json["grey"] = word_of(kGreyWords, *grey_);
  }
  return json;
}

Json Recipe::normalization_to_json() const {
  const Normalization& rule = normalization_;
  Json json;
  if (rule.standardize) {
    json["standardize"] = {{"over", word_of(kStandardizeWords, rule.standardize->per_channel)},
                           {"least_std", rule.standardize->least_std}};
  } else {
    json["mean"] = rule.mean;
    json["std"] = rule.std;
  }
  if (rule.reversed) json["channel_order"] = word_of(kOrderWords, true);
  return json;
}

std::string Recipe::sha256() const {
  const std::string text = to_text(to_json());
  return sha256_hex(std::as_bytes(std::span(text)));
}

bool Recipe::has_fixed_size() const { return fixed_size(steps_, "recipe").has_value(); }

engine::Shape Recipe::output_shape() const {
  const auto size = fixed_size(steps_, "recipe");
  if (!size) {
    throw Error(ErrorKind::kUsage, "recipe", "does not fix the size of the network's input",
                "add a resize or crop step to it, or ask per image");
  }
  return {channels(), size->height, size->width};
}

engine::Shape Recipe::output_shape(const Image& image, const ImageContext& context) const {
  const Size size = geometry(image, context).size;
  return {channels(), size.height, size.width};
}

PixelMap Recipe::pixel_map(const Image& image, const ImageContext& context) const {
  return geometry(image, context).map;
}

Image Recipe::oriented(Image image) const {
  check_orientation(image);
  return turns(image) ? upright(image) : std::move(image);
}

Box Recipe::visible_part(const Image& image, const ImageContext& context) const {
  return geometry(image, context).visible;
}

engine::Tensor Recipe::apply(const Image& image, const ImageContext& context) const {
  return run(image, context, nullptr);
}

Image Recipe::picture(const Image& image, const ImageContext& context) const {
  check_type(image);
  check_orientation(image);
  Image owned;
  Geometry geometry;
  const Image& prepared = prepare(image, context, {}, owned, geometry);
  if (&prepared == &owned) return owned;
  return apply_step(Crop{{0, 0, geometry.size}}, image);
}

RecipeResult Recipe::apply_traced(const Image& image, const ImageContext& context) const {
  RecipeResult result;
  result.tensor = run(image, context, &result);
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

void Recipe::check_orientation(const Image& image) const {
  if (image.orientation == 1 || orientation_ == OrientationRule::kIgnore) return;
  const bool readable = image.orientation != Image::kUnreadableOrientation;
  if (readable && orientation_ == OrientationRule::kApply) return;
  throw Error(ErrorKind::kBadFile, image.source,
              readable ? "is stored turned or mirrored (EXIF orientation " +
                             to_text(std::int64_t{image.orientation}) + ")"
                       : std::string("has an EXIF orientation that cannot be read"),
              "say in the recipe what to do: \"exif_orientation\": " +
                  std::string(readable ? "\"apply\" or \"ignore\"" : "\"ignore\""));
}

bool Recipe::turns(const Image& image) const {
  return image.orientation != 1 && orientation_ == OrientationRule::kApply;
}

bool Recipe::depends_on_samples() const {
  return std::any_of(steps_.begin(), steps_.end(),
                     [](const GeometryStep& step) { return image::depends_on_samples(step); });
}

Recipe::Geometry::Geometry(Size image) : size(image), source(image), visible{0, 0, image} {}

void Recipe::Geometry::advance(const PixelStep& step) {
  map = after_step(map, step, size);
  size = output_size(step, size, "recipe");
  // A flip has a negative scale.
  const double y = map.offset_y + map.scale_y * static_cast<double>(size.height);
  const double x = map.offset_x + map.scale_x * static_cast<double>(size.width);
  const Box reached = pixels_within(source, std::min(map.offset_y, y), std::min(map.offset_x, x),
                                    std::max(map.offset_y, y), std::max(map.offset_x, x));
  visible = intersection(visible, reached, source);
}

Recipe::Geometry Recipe::follow(Size size, const Image& image, const ImageContext& context) const {
  Image shape;  // what resolve() needs where no samples count
  shape.source = image.source;
  shape.laterality = image.laterality;
  Geometry geometry(size);
  for (const GeometryStep& step : steps_) {
    shape.height = geometry.size.height;
    shape.width = geometry.size.width;
    geometry.advance(resolve(step, shape, context));
  }
  return geometry;
}

Recipe::Geometry Recipe::geometry(const Image& image, const ImageContext& context) const {
  check_orientation(image);
  if (!depends_on_samples()) {
    const Size size{image.height, image.width};
    return follow(turns(image) ? upright_size(image) : size, image, context);
  }
  Image owned;
  Geometry geometry;
  prepare(image, context, {}, owned, geometry);
  return geometry;
}

const Image& Recipe::prepare(const Image& image, const ImageContext& context, const Note& note,
                             Image& owned, Geometry& geometry) const {
  const Image* current = &image;
  const auto take = [&](std::string_view name, Image next) {
    next.laterality = image.laterality;
    owned = std::move(next);
    current = &owned;
    if (note) note(name, owned);
  };
  if (turns(image)) take("orientation", upright(image));
  if (current->has_alpha()) take("alpha", remove_alpha(*current, alpha_));
  if (current->channels == 3 && (grey_ || channels() == 1)) {
    take("grey", grey_from_rgb(*current, grey_.value_or(GreyRule::kEqual)));
  }
  geometry = Geometry({current->height, current->width});
  for (const GeometryStep& step : steps_) {
    const PixelStep resolved = resolve(step, *current, context);
    geometry.advance(resolved);
    take(step_name(step), apply_step(resolved, *current));
  }
  return *current;
}

engine::Tensor Recipe::run(const Image& image, const ImageContext& context,
                           RecipeResult* traced) const {
  check_type(image);
  check_orientation(image);
  if (!depends_on_samples()) static_cast<void>(geometry(image, context));  // refuse before any work
  Note note;
  if (traced != nullptr) {
    note = [&](std::string_view name, const Image& state) {
      traced->trace.push_back(describe_step(std::string(name), state));
    };
    note("decoded", image);
  }
  Image owned;
  Geometry geometry;
  const Image& prepared = prepare(image, context, note, owned, geometry);
  const double divisor = divide_by_ == 0 ? image.max_sample() : divide_by_;
  engine::Tensor tensor = normalize(prepared, divisor, normalization_);
  if (traced != nullptr) {
    traced->trace.push_back(describe_step("normalized", tensor));
    traced->map = geometry.map;
  }
  return tensor;
}

}  // namespace apatite::image
