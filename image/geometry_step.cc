#include "image/geometry_step.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/error.h"
#include "base/json_object.h"
#include "base/text.h"
#include "engine/op.h"

namespace apatite {
namespace {

constexpr JsonObject::Range kSides{1, kMaxImageSide};
constexpr JsonObject::Range kOffsets{0, kMaxImageSide};

std::string text_of(PixelSize size) {
  return to_text(size.width) + "x" + to_text(size.height) + " pixels (width x height)";
}

PixelSize size_from_json(JsonObject& object, std::string_view where) {
  const PixelSize size{object.integer("height", kSides), object.integer("width", kSides)};
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
  return Crop{object.integer("top", kOffsets), object.integer("left", kOffsets),
              size_from_json(object, where)};
}

GeometryStep center_crop_from_json(JsonObject& object, std::string_view where) {
  return CenterCrop{size_from_json(object, where)};
}

GeometryStep pad_from_json(JsonObject& object, std::string_view /*where*/) {
  return Pad{object.integer_or("top", 0, kOffsets), object.integer_or("left", 0, kOffsets),
             object.integer_or("bottom", 0, kOffsets), object.integer_or("right", 0, kOffsets),
             value_from_json(object)};
}

GeometryStep pad_to_square_from_json(JsonObject& object, std::string_view /*where*/) {
  return PadToSquare{value_from_json(object)};
}

struct StepParser {
  std::string_view name;
  GeometryStep (*from_json)(JsonObject&, std::string_view where);
};

constexpr std::array kStepParsers{
    StepParser{"resize", resize_from_json},
    StepParser{"crop", crop_from_json},
    StepParser{"center_crop", center_crop_from_json},
    StepParser{"pad", pad_from_json},
    StepParser{"pad_to_square", pad_to_square_from_json},
};

// (a - b) / 2 rounded half to even: torchvision's int(round((a - b) / 2.0)).
std::int64_t half_to_even(std::int64_t difference) {
  const std::int64_t half = difference / 2;
  return difference % 2 == 0 ? half : half + half % 2;
}

Crop resolve(const CenterCrop& step, PixelSize input) {
  return {half_to_even(input.height - step.size.height),
          half_to_even(input.width - step.size.width), step.size};
}

Pad resolve(const PadToSquare& step, PixelSize input) {
  const std::int64_t rows = std::max<std::int64_t>(0, input.width - input.height);
  const std::int64_t columns = std::max<std::int64_t>(0, input.height - input.width);
  return {rows / 2, columns / 2, rows - rows / 2, columns - columns / 2, step.value};
}

PixelSize resolve(const ResizeShorterSide& step, PixelSize input) {
  const auto [shorter, longer] = std::minmax(input.height, input.width);
  // Python's int(size * long / short): a binary64 quotient of exact integers, cut. It equals the
  // integer division, since both operands are below 2^32 (a quotient that is no integer is further
  // than half an ulp from the next one).
  const std::int64_t other = step.shorter_side * longer / shorter;
  return input.width <= input.height ? PixelSize{other, step.shorter_side}
                                     : PixelSize{step.shorter_side, other};
}

PixelSize size_after(const ResizeTo& step, PixelSize /*input*/, std::string_view /*where*/) {
  return step.size;
}

PixelSize size_after(const ResizeShorterSide& step, PixelSize input, std::string_view /*where*/) {
  return resolve(step, input);
}

PixelSize size_after(const Crop& step, PixelSize input, std::string_view where) {
  if (step.top + step.size.height > input.height || step.left + step.size.width > input.width) {
    throw Error(ErrorKind::kBadFile, where,
                "has " + text_of(input) + " where the recipe crops " + text_of(step.size) +
                    " from row " + to_text(step.top) + ", column " + to_text(step.left),
                "resize or pad before the crop");
  }
  return step.size;
}

PixelSize size_after(const CenterCrop& step, PixelSize input, std::string_view where) {
  if (step.size.height > input.height || step.size.width > input.width) {
    throw Error(
        ErrorKind::kBadFile, where,
        "has " + text_of(input) + " where the recipe crops the middle " + text_of(step.size),
        "resize or pad before the crop");
  }
  return step.size;
}

PixelSize size_after(const Pad& step, PixelSize input, std::string_view /*where*/) {
  return {step.top + input.height + step.bottom, step.left + input.width + step.right};
}

PixelSize size_after(const PadToSquare& step, PixelSize input, std::string_view where) {
  return size_after(resolve(step, input), input, where);
}

PixelMap scaled(const PixelMap& map, PixelSize from, PixelSize to) {
  const auto ratio = [](std::int64_t a, std::int64_t b) {
    return static_cast<double>(a) / static_cast<double>(b);
  };
  return {map.scale_y * ratio(from.height, to.height), map.offset_y,
          map.scale_x * ratio(from.width, to.width), map.offset_x};
}

// The pixel (0, 0) after the step is (top, left) before it.
PixelMap shifted(const PixelMap& map, std::int64_t top, std::int64_t left) {
  return {map.scale_y, map.offset_y + map.scale_y * static_cast<double>(top), map.scale_x,
          map.offset_x + map.scale_x * static_cast<double>(left)};
}

// A recipe's number as a sample. Throws Error unless the type has it.
template <class T>
T to_sample(double value, std::string_view where) {
  const auto sample = [&] {
    if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(value);
    } else {
      const bool fits = value >= 0 && value <= std::numeric_limits<T>::max();
      return fits ? static_cast<T>(value) : T{0};
    }
  }();
  if (static_cast<double>(sample) != value) {
    throw Error(ErrorKind::kBadFile, where,
                "has " + to_text(std::int64_t{8 * sizeof(T)}) +
                    "-bit samples, which cannot hold the recipe's padding value " + to_text(value));
  }
  return sample;
}

Image crop(const Image& image, const Crop& step) {
  Image result = make_image_like(image, step.size.height, step.size.width, image.channels);
  visit_samples(image, [&]<class T>(std::span<const T> from) {
    const std::span<T> to = result.values<T>();
    const std::int64_t length = step.size.width * image.channels;
    for (std::int64_t y = 0; y < step.size.height; ++y) {
      const T* row = from.data() + ((step.top + y) * image.width + step.left) * image.channels;
      std::copy_n(row, length, to.data() + y * length);
    }
  });
  return result;
}

Image pad(const Image& image, const Pad& step) {
  const PixelSize size = size_after(step, {image.height, image.width}, image.source);
  Image result = make_image_like(image, size.height, size.width, image.channels);
  visit_samples(image, [&]<class T>(std::span<const T> from) {
    const std::span<T> to = result.values<T>();
    std::fill(to.begin(), to.end(), to_sample<T>(step.value, image.source));
    const std::int64_t length = image.width * image.channels;
    for (std::int64_t y = 0; y < image.height; ++y) {
      T* row = to.data() + ((step.top + y) * size.width + step.left) * image.channels;
      std::copy_n(from.data() + y * length, length, row);
    }
  });
  return result;
}

}  // namespace

std::string_view step_name(const GeometryStep& step) {
  return std::visit(Overloaded{
                        [](const ResizeTo&) { return "resize"; },
                        [](const ResizeShorterSide&) { return "resize"; },
                        [](const Crop&) { return "crop"; },
                        [](const CenterCrop&) { return "center_crop"; },
                        [](const Pad&) { return "pad"; },
                        [](const PadToSquare&) { return "pad_to_square"; },
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
      Overloaded{
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
      },
      step);
  return Json{{std::string(step_name(step)), body}};
}

PixelSize output_size(const GeometryStep& step, PixelSize input, std::string_view where) {
  const PixelSize size =
      std::visit([&](const auto& s) { return size_after(s, input, where); }, step);
  check_image_size(size.height, size.width,
                   std::string(where) + " after its recipe's " + std::string(step_name(step)));
  return size;
}

std::optional<PixelSize> fixed_size(const GeometryStep& step) {
  return std::visit(Overloaded{
                        [](const ResizeTo& s) { return std::optional(s.size); },
                        [](const Crop& s) { return std::optional(s.size); },
                        [](const CenterCrop& s) { return std::optional(s.size); },
                        [](const auto&) { return std::optional<PixelSize>(); },
                    },
                    step);
}

PixelMap after_step(const PixelMap& map, const GeometryStep& step, PixelSize input) {
  return std::visit(
      Overloaded{
          [&](const ResizeTo& s) { return scaled(map, input, s.size); },
          [&](const ResizeShorterSide& s) { return scaled(map, input, resolve(s, input)); },
          [&](const Crop& s) { return shifted(map, s.top, s.left); },
          [&](const CenterCrop& s) {
            const Crop box = resolve(s, input);
            return shifted(map, box.top, box.left);
          },
          [&](const Pad& s) { return shifted(map, -s.top, -s.left); },
          [&](const PadToSquare& s) {
            const Pad amounts = resolve(s, input);
            return shifted(map, -amounts.top, -amounts.left);
          },
      },
      step);
}

Image apply_step(const GeometryStep& step, const Image& image) {
  const PixelSize input{image.height, image.width};
  const PixelSize output = output_size(step, input, image.source);
  return std::visit(
      Overloaded{
          [&](const ResizeTo& s) { return s.method->resize(image, output.height, output.width); },
          [&](const ResizeShorterSide& s) {
            return s.method->resize(image, output.height, output.width);
          },
          [&](const Crop& s) { return crop(image, s); },
          [&](const CenterCrop& s) { return crop(image, resolve(s, input)); },
          [&](const Pad& s) { return pad(image, s); },
          [&](const PadToSquare& s) { return pad(image, resolve(s, input)); },
      },
      step);
}

}  // namespace apatite
