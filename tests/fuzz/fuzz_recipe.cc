// Any bytes as a recipe, and as the choices and numbers of one that is well formed: a recipe whose
// canonical text reads back to itself and whose shapes are those that it foretells, or an Error.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "image/recipe/recipe.h"

namespace apatite {
namespace {

image::Image small_image() {
  image::Image image = image::make_image<std::uint8_t>(7, 5, 1);
  std::uint8_t next = 0;
  for (std::uint8_t& sample : image.values<std::uint8_t>()) sample = next += 7;
  return image;
}

image::Recipe read_and_check(const std::string& text) {
  image::Recipe recipe = image::Recipe::from_json(parse_json(text, "fuzz"), "fuzz");
  const Json canonical = recipe.to_json();
  if (image::Recipe::from_json(canonical, "again").to_json() != canonical) std::abort();
  return recipe;
}

void apply_and_check(const image::Recipe& recipe) {
  const image::Image image = small_image();
  const image::ImageContext context{image::Box{1, 1, {4, 3}}, image::Laterality::kLeft};
  const image::RecipeResult result = recipe.apply_traced(image, context);
  const engine::Shape shape = recipe.output_shape(image, context);
  if (result.tensor.dims() != shape.with_batch(1)) std::abort();
  if (recipe.has_fixed_size() && recipe.output_shape() != shape) std::abort();
  if (!std::isfinite(result.map.offset_y) || result.map.scale_x == 0) std::abort();
  if (recipe.pixel_map(image, context).offset_x != result.map.offset_x) std::abort();
}

template <class Action>
void refuse_or(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    const bool known = error.kind() == ErrorKind::kBadFile || error.kind() == ErrorKind::kNumeric;
    if (!known) std::abort();
  }
}

// Five bytes per step: which one, and its numbers.
std::string recipe_from(const std::uint8_t* data, std::size_t size) {
  std::string steps;
  for (std::size_t i = 2; i + 5 <= size && i < 42; i += 5) {
    const auto number = [&](std::size_t k, int least) {
      return std::to_string(least + data[i + k] % 60);
    };
    const std::string box = R"("height": )" + number(1, 1) + R"(, "width": )" + number(2, 1);
    const std::string corner = R"("top": )" + number(3, 0) + R"(, "left": )" + number(4, 0);
    const auto methods = image::resize_methods();
    const std::string method(methods[data[i] / 16 % methods.size()].name);
    if (!steps.empty()) steps += ", ";
    switch (data[i] % 9) {
      case 0:
        steps += R"({"resize": {)" + box + R"(, "method": ")" + method + "\"}}";
        break;
      case 1:
        steps +=
            R"({"resize": {"shorter_side": )" + number(1, 1) + R"(, "method": ")" + method + "\"}}";
        break;
      case 2:
        steps += R"({"crop": {)" + box + ", " + corner + "}}";
        break;
      case 3:
        steps += R"({"center_crop": {)" + box + "}}";
        break;
      case 4:
        steps += R"({"pad": {)" + corner + R"(, "bottom": )" + number(1, 0) + R"(, "value": )" +
                 number(2, 0) + "}}";
        break;
      case 5:
        steps += i == 2 ? R"({"crop_box": {}})" : R"({"flip": {"if": "left"}})";
        break;
      case 6:
        steps += R"({"crop_breast": {"threshold": )" + number(1, 0) + R"(, "margin": )" +
                 number(2, 0) + "}}";
        break;
      case 7:
        steps += R"({"flip": {"if": "always"}})";
        break;
      default:
        steps += R"({"pad_to_square": {"value": )" + number(1, 0) + "}}";
    }
  }
  const bool colour = data[0] % 2 == 0;
  const std::string mean = std::to_string(data[1]);
  return R"({"recipe": 1, "channels": )" + std::string(colour ? "3" : "1") + R"(, "steps": [)" +
         steps + R"(], "divide_by": "max", "mean": [)" + (colour ? mean + ", 0, 0" : mean) +
         R"(], "std": [)" + (colour ? "1, 2, 3" : "1") + "]}";
}

}  // namespace
}  // namespace apatite

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Not applied: its sizes may be as large as the limits allow.
  apatite::refuse_or(
      [&] { apatite::read_and_check(std::string(reinterpret_cast<const char*>(data), size)); });
  if (size < 2) return 0;
  apatite::refuse_or(
      [&] { apatite::apply_and_check(apatite::read_and_check(apatite::recipe_from(data, size))); });
  return 0;
}
