#include "image/recipe/geometry_step.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json_object.h"
#include "base/text.h"
#include "engine/graph/op.h"
#include "image/recipe/breast_box.h"

namespace apatite::image {
namespace {

constexpr JsonObject::Range kSides{1, kMaxImageSide};
constexpr JsonObject::Range kOffsets{0, kMaxImageSide};

// ---- From JSON

Size size_from_json(JsonObject& object, std::string_view where) {
  const Size size{object.integer("height", kSides), object.integer("width", kSides)};
  check_image_size(size.height, size.width, where);
  return size;
}

double value_from_json(JsonObject& object) { return object.number_or("value", 0.0); }

GeometryStep resize_from_json(JsonObject& object, std::string_view where) {
  const ResizeMethod& method = find_resize_method(object.string("method"), where);
  if (object.has("shorter_side")) {
    return ResizeShorterSide{object.integer("shorter_side", kSides), &method};
  }
  return ResizeTo{size_from_json(object, where), &method};
}

GeometryStep crop_from_json(JsonObject& object, std::string_view where) {
  return Crop{{object.integer("top", kOffsets), object.integer("left", kOffsets),
               size_from_json(object, where)}};
}

GeometryStep center_crop_from_json(JsonObject& object, std::string_view where) {
  return CenterCrop{size_from_json(object, where)};
}

GeometryStep crop_box_from_json(JsonObject& object, std::string_view /*where*/) {
  return CropBox{object.choice_or("missing", "refuse", {"refuse", "keep"}) == "refuse"};
}

GeometryStep crop_breast_from_json(JsonObject& object, std::string_view /*where*/) {
  if (!object.has("threshold")) {
    object.refuse("needs a \"threshold\"",
                  "write the largest sample of the background, e.g. 0 where it is all black");
  }
  return CropBreast{object.number_or("threshold", 0.0), object.integer_or("margin", 0, kOffsets)};
}

GeometryStep pad_from_json(JsonObject& object, std::string_view /*where*/) {
  return Pad{object.integer_or("top", 0, kOffsets), object.integer_or("left", 0, kOffsets),
             object.integer_or("bottom", 0, kOffsets), object.integer_or("right", 0, kOffsets),
             value_from_json(object)};
}

GeometryStep pad_to_square_from_json(JsonObject& object, std::string_view /*where*/) {
  return PadToSquare{value_from_json(object)};
}

constexpr std::array<std::string_view, 3> kFlipConditions{"always", "left", "right"};

GeometryStep flip_from_json(JsonObject& object, std::string_view /*where*/) {
  const std::string text = object.choice("if", {kFlipConditions.begin(), kFlipConditions.end()});
  const auto at = std::find(kFlipConditions.begin(), kFlipConditions.end(), text);
  return Flip{static_cast<Flip::If>(at - kFlipConditions.begin())};
}

struct StepParser {
  std::string_view name;
  GeometryStep (*from_json)(JsonObject&, std::string_view where);
};

constexpr std::array kStepParsers{
    StepParser{"resize", resize_from_json},
    StepParser{"crop", crop_from_json},
    StepParser{"center_crop", center_crop_from_json},
    StepParser{"crop_box", crop_box_from_json},
    StepParser{"crop_breast", crop_breast_from_json},
    StepParser{"pad", pad_from_json},
    StepParser{"pad_to_square", pad_to_square_from_json},
    StepParser{"flip", flip_from_json},
};

// ---- For one image

Size size_of(const Image& image) { return {image.height, image.width}; }

// (a - b) / 2 rounded half to even: torchvision's int(round((a - b) / 2.0)).
std::int64_t half_to_even(std::int64_t difference) {
  const std::int64_t half = difference / 2;
  return difference % 2 == 0 ? half : half + half % 2;
}

PixelStep resolve_step(const ResizeShorterSide& step, const Image& image, const ImageContext&) {
  const auto [shorter, longer] = std::minmax(image.height, image.width);
  // Python's int(size * long / short): a binary64 quotient of exact integers, cut. It equals the
  // integer division, since both operands are below 2^32 (a quotient that is no integer is further
  // than half an ulp from the next one).
  const std::int64_t other = step.shorter_side * longer / shorter;
  return ResizeTo{
      image.width <= image.height ? Size{other, step.shorter_side} : Size{step.shorter_side, other},
      step.method};
}

PixelStep resolve_step(const CenterCrop& step, const Image& image, const ImageContext&) {
  const Size input = size_of(image);
  if (step.size.height > input.height || step.size.width > input.width) {
    throw Error(
        ErrorKind::kBadFile, image.source,
        "has " + size_text(input) + " where the recipe crops the middle " + size_text(step.size),
        "resize or pad before the crop");
  }
  return Crop{{half_to_even(input.height - step.size.height),
               half_to_even(input.width - step.size.width), step.size}};
}

PixelStep resolve_step(const CropBox& step, const Image& image, const ImageContext& context) {
  if (context.crop) {
    const Box& box = *context.crop;
    if (box.top + box.size.height > image.height || box.left + box.size.width > image.width) {
      throw Error(ErrorKind::kBadFile, image.source,
                  "has " + size_text(size_of(image)) + ", in which its box of " +
                      size_text(box.size) + " from row " + to_text(box.top) + ", column " +
                      to_text(box.left) + " does not lie",
                  "correct the manifest's columns crop_...");
    }
    return Crop{box};
  }
  if (step.refuse_without) {
    throw Error(ErrorKind::kBadFile, image.source,
                "has no box where the recipe crops to one (crop_box)",
                "fill the manifest's columns crop_top, crop_left, crop_height and crop_width, or "
                "write \"missing\": \"keep\"");
  }
  return Crop{{0, 0, size_of(image)}};
}

PixelStep resolve_step(const CropBreast& step, const Image& image, const ImageContext&) {
  const std::optional<Box> box = breast_box(image, step.threshold);
  if (!box) {
    throw Error(
        ErrorKind::kBadFile, image.source,
        "has no pixel above the recipe's threshold " + to_text(step.threshold) + " (crop_breast)",
        "lower the threshold, or look at the image");
  }
  const std::int64_t top = std::max<std::int64_t>(0, box->top - step.margin);
  const std::int64_t left = std::max<std::int64_t>(0, box->left - step.margin);
  const std::int64_t bottom = std::min(image.height, box->top + box->size.height + step.margin);
  const std::int64_t right = std::min(image.width, box->left + box->size.width + step.margin);
  return Crop{{top, left, {bottom - top, right - left}}};
}

PixelStep resolve_step(const PadToSquare& step, const Image& image, const ImageContext&) {
  const std::int64_t rows = std::max<std::int64_t>(0, image.width - image.height);
  const std::int64_t columns = std::max<std::int64_t>(0, image.height - image.width);
  return Pad{rows / 2, columns / 2, rows - rows / 2, columns - columns / 2, step.value};
}

// What is known of the side, from the manifest or the file.
Laterality laterality_of(const Image& image, const ImageContext& context) {
  if (context.laterality == Laterality::kUnknown) return image.laterality;
  if (image.laterality != Laterality::kUnknown && image.laterality != context.laterality) {
    throw Error(ErrorKind::kBadFile, image.source,
                "has another laterality in its file than in the manifest", "correct the manifest");
  }
  return context.laterality;
}

PixelStep resolve_step(const Flip& step, const Image& image, const ImageContext& context) {
  if (step.condition == Flip::If::kAlways) return Mirror{true};
  const Laterality laterality = laterality_of(image, context);
  if (laterality == Laterality::kUnknown) {
    throw Error(ErrorKind::kBadFile, image.source,
                "has no known laterality, which the recipe's flip depends on",
                "fill the manifest's column laterality (L or R)");
  }
  return Mirror{(laterality == Laterality::kLeft) == (step.condition == Flip::If::kLeft)};
}

// Steps that are the same for every image.
template <class Step>
PixelStep resolve_step(const Step& step, const Image& /*image*/, const ImageContext& /*context*/) {
  return step;
}

}  // namespace

std::string_view step_name(const GeometryStep& step) {
  return std::visit(engine::Overloaded{
                        [](const ResizeTo&) { return "resize"; },
                        [](const ResizeShorterSide&) { return "resize"; },
                        [](const Crop&) { return "crop"; },
                        [](const CenterCrop&) { return "center_crop"; },
                        [](const CropBox&) { return "crop_box"; },
                        [](const CropBreast&) { return "crop_breast"; },
                        [](const Pad&) { return "pad"; },
                        [](const PadToSquare&) { return "pad_to_square"; },
                        [](const Flip&) { return "flip"; },
                    },
                    step);
}

GeometryStep geometry_step_from_json(const Json& json, std::string_view where) {
  std::vector<std::string> names;
  names.reserve(kStepParsers.size());
  for (const StepParser& parser : kStepParsers) names.emplace_back(parser.name);
  if (!json.is_object() || json.size() != 1) {
    throw Error(ErrorKind::kBadFile, where, "must be an object with one key, the step's name",
                "one of " + join(names));
  }
  const std::string name = json.begin().key();
  for (const StepParser& parser : kStepParsers) {
    if (parser.name != name) continue;
    const std::string here = std::string(where) + "." + name;
    JsonObject object(json.begin().value(), here);
    const GeometryStep step = parser.from_json(object, here);
    object.finish();
    return step;
  }
  throw Error(ErrorKind::kBadFile, where, "there is no step \"" + name + "\"",
              "one of " + join(names));
}

Json to_json(const GeometryStep& step) {
  const Json body = std::visit(
      engine::Overloaded{
          [](const ResizeTo& s) {
            return Json{
                {"height", s.size.height}, {"width", s.size.width}, {"method", s.method->name}};
          },
          [](const ResizeShorterSide& s) {
            return Json{{"shorter_side", s.shorter_side}, {"method", s.method->name}};
          },
          [](const Crop& s) {
            return Json{{"top", s.top},
                        {"left", s.left},
                        {"height", s.size.height},
                        {"width", s.size.width}};
          },
          [](const CenterCrop& s) {
            return Json{{"height", s.size.height}, {"width", s.size.width}};
          },
          [](const CropBox& s) {
            return Json{{"missing", s.refuse_without ? "refuse" : "keep"}};
          },
          [](const CropBreast& s) {
            return Json{{"threshold", s.threshold}, {"margin", s.margin}};
          },
          [](const Pad& s) {
            return Json{{"top", s.top},
                        {"left", s.left},
                        {"bottom", s.bottom},
                        {"right", s.right},
                        {"value", s.value}};
          },
          [](const PadToSquare& s) {
            return Json{{"value", s.value}};
          },
          [](const Flip& s) {
            return Json{{"if", kFlipConditions[static_cast<std::size_t>(s.condition)]}};
          },
      },
      step);
  return Json{{std::string(step_name(step)), body}};
}

bool depends_on_samples(const GeometryStep& step) {
  return std::holds_alternative<CropBreast>(step);
}

PixelStep resolve(const GeometryStep& step, const Image& image, const ImageContext& context) {
  const PixelStep resolved =
      std::visit([&](const auto& s) { return resolve_step(s, image, context); }, step);
  const Size size = output_size(resolved, size_of(image), image.source);
  check_image_size(size.height, size.width,
                   image.source + " after its recipe's " + std::string(step_name(step)));
  return resolved;
}

std::optional<Size> fixed_size(const GeometryStep& step, std::optional<Size> before,
                               std::string_view where) {
  if (std::holds_alternative<CropBox>(step) || std::holds_alternative<CropBreast>(step)) return {};
  if (std::holds_alternative<Flip>(step)) return before;
  if (before) {
    Image image;  // of that size; its samples do not count
    image.height = before->height;
    image.width = before->width;
    image.source = where;
    return output_size(resolve(step, image, {}), *before, where);
  }
  return std::visit(engine::Overloaded{
                        [](const ResizeTo& s) { return std::optional(s.size); },
                        [](const Crop& s) { return std::optional(s.size); },
                        [](const CenterCrop& s) { return std::optional(s.size); },
                        [](const auto&) { return std::optional<Size>(); },
                    },
                    step);
}

}  // namespace apatite::image
