// apatite inspect: what an image file holds, and what a recipe makes of it, step by step.
#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/terminal/output.h"
#include "image/codec/decode.h"
#include "image/codec/npy.h"
#include "image/codec/png.h"
#include "image/decoder/decoder_pool.h"
#include "image/dicom/dicom_data_set.h"
#include "image/dicom/pixels/dicom.h"
#include "image/input.h"
#include "image/recipe/recipe.h"
#include "image/statistics.h"
#include "study/run/image_model.h"
#include "weights/weights_file.h"

namespace apatite::cli {
namespace {

struct Options {
  std::string image, recipe, weights, png, laterality;
  std::vector<std::int64_t> box;
  bool json = false;
};

std::optional<image::Recipe> recipe_of(const Options& options) {
  if (!options.recipe.empty()) return image::Recipe::read(options.recipe);
  if (options.weights.empty()) return {};
  return study::recipe_for(weights::WeightsFile(options.weights));
}

image::ImageContext context_of(const Options& options) {
  image::ImageContext context;
  if (options.laterality == "L") context.laterality = image::Laterality::kLeft;
  if (options.laterality == "R") context.laterality = image::Laterality::kRight;
  if (!options.box.empty()) {
    context.crop = image::Box{options.box[0], options.box[1], {options.box[2], options.box[3]}};
  }
  return context;
}

Json to_json(const image::ChannelStatistics& channel) {
  Json json{{"least", channel.least},         {"largest", channel.largest},
            {"mean", channel.mean},           {"pixels_at_least", channel.at_least},
            {"histogram", channel.histogram}, {"pixels_at_largest", channel.at_largest}};
  if (channel.different > 0) json["different_values"] = channel.different;
  return json;
}

Json to_json(const image::RecipeStep& step) {
  return {{"step", step.name},
          {"shape", {step.shape.channels, step.shape.height, step.shape.width}},
          {"least", step.min},
          {"largest", step.max},
          {"sha256", step.sha256}};
}

// What a file holds: a picture, or a network's input (image/input.h), which is then shown as a
// picture with the tensor's channels.
struct Content {
  image::Image image;
  std::optional<engine::Tensor> tensor;
};

Content content_of_tensor(image::NpyTensor read, std::span<const std::byte> file,
                          const std::string& path) {
  const engine::Dims& dims = read.tensor.dims();
  Content content{image::make_image<float>(dims[2], dims[3], dims[1], path), {}};
  const std::int64_t pixels = dims[2] * dims[3];
  const std::span<float> samples = content.image.values<float>();
  for (std::int64_t i = 0; i < pixels * dims[1]; ++i) {
    samples[static_cast<std::size_t>(i % pixels * dims[1] + i / pixels)] = read.tensor.data()[i];
  }
  const bool wide = image::read_npy_header(file, path).type == image::NpyHeader::Type::kFloat64;
  content.image.facts = {
      {"elements", wide ? "binary64, " + to_text(read.rounded) + " of them rounded to binary32"
                        : std::string("binary32")}};
  if (read.negative_zeros > 0) {
    content.image.facts.emplace_back("negative zeros",
                                     to_text(read.negative_zeros) + ", read as 0");
  }
  content.tensor = std::move(read.tensor);
  return content;
}

// What the recipe makes of the image; a tensor is checked against it alone.
void add_recipe(const Options& options, const Content& content, const image::Recipe& recipe,
                Json& report) {
  report["recipe"] = recipe.to_json();
  report["recipe_sha256"] = recipe.sha256();
  if (content.tensor) {
    image::check_tensor(*content.tensor, recipe, options.image);
    return;
  }
  const image::RecipeResult result = recipe.apply_traced(content.image, context_of(options));
  Json steps = Json::array();
  for (const image::RecipeStep& step : result.trace) steps.push_back(to_json(step));
  report["steps"] = std::move(steps);
  report["pixel_map"] = {{"scale_y", result.map.scale_y},
                         {"offset_y", result.map.offset_y},
                         {"scale_x", result.map.scale_x},
                         {"offset_x", result.map.offset_x}};
}

// Everything that is found out; the text is made from it.
Json report_of(const Options& options, std::span<const std::byte> bytes, const Content& content,
               const image::Recipe* recipe) {
  const image::Image& image = content.image;
  Json channels = Json::array();
  for (const image::ChannelStatistics& channel : image::statistics_of(image))
    channels.push_back(to_json(channel));
  Json facts = Json::object();
  for (const auto& [name, value] : image.facts) facts[name] = value;
  Json report{{"file", options.image},
              {"format", image::image_format_name(bytes)},
              {"bytes", bytes.size()},
              {"sha256", sha256_hex(bytes)},
              {"width", image.width},
              {"height", image.height},
              {"bits", image.bit_depth()},
              {"facts", std::move(facts)},
              {"channels", std::move(channels)},
              {"pixels_sha256", sha256_hex(image::sample_bytes(image))}};
  if (content.tensor) {
    report["tensor"] = {{"shape", {image.channels, image.height, image.width}},
                        {"sha256", sha256_hex(std::as_bytes(content.tensor->values()))}};
  }
  if (recipe != nullptr) add_recipe(options, content, *recipe, report);
  return report;
}

std::string number(const Json& value) {
  return value.is_number_integer() ? to_text(value.get<std::int64_t>())
                                   : to_text(value.get<double>());
}

std::string share(std::int64_t part, std::int64_t whole) {
  const std::int64_t thousandths = part * 1000 / whole;
  return to_text(part) + " (" + to_text(static_cast<double>(thousandths) / 10) + " %)";
}

// Lines such as "1024 to 2047  ########## 5421".
std::string histogram_of(const Json& channel) {
  const auto counts = channel["histogram"].get<std::vector<std::int64_t>>();
  const double least = channel["least"];
  const double largest = channel["largest"];
  const bool integers = channel.contains("different_values");
  const double width = (largest - least + (integers ? 1 : 0)) / image::ChannelStatistics::kBins;
  const std::int64_t most = *std::max_element(counts.begin(), counts.end());
  std::vector<std::vector<std::string>> rows;
  for (std::size_t bin = 0; bin < counts.size(); ++bin) {
    const double from = least + width * static_cast<double>(bin);
    constexpr std::int64_t kLength = 40;
    rows.push_back({"  from", to_text(from), to_text(counts[bin]),
                    std::string(static_cast<std::size_t>((counts[bin] * kLength + most - 1) /
                                                         std::max<std::int64_t>(most, 1)),
                                '#')});
  }
  return table(rows, {1, 2});
}

std::string shape_of(const Json& json) {
  const Json& shape = json["shape"];
  return number(shape[0]) + "x" + number(shape[1]) + "x" + number(shape[2]);
}

std::string step_table(const Json& report) {
  std::vector<std::vector<std::string>> rows{{"step", "shape", "least", "largest", "sha256"}};
  for (const Json& step : report["steps"]) {
    rows.push_back({step["step"].get<std::string>(), shape_of(step), number(step["least"]),
                    number(step["largest"]), step["sha256"].get<std::string>()});
  }
  return table(rows, {2, 3});
}

std::string text_of(const Json& report) {
  const std::int64_t pixels =
      report["width"].get<std::int64_t>() * report["height"].get<std::int64_t>();
  std::vector<std::vector<std::string>> facts{
      {"file", escape_control(report["file"].get<std::string>())},
      {"format", report["format"].get<std::string>()},
      {"bytes", with_thousands(report["bytes"].get<std::int64_t>())},
      {"sha256", report["sha256"].get<std::string>()},
      {"size", number(report["width"]) + "x" + number(report["height"]) + " (width x height)"},
      {"channels", to_text(static_cast<std::int64_t>(report["channels"].size()))},
      {"bits", number(report["bits"])}};
  for (const auto& [name, value] : report["facts"].items()) {
    facts.push_back({name, escape_control(value.get<std::string>())});
  }
  if (report.contains("tensor")) {
    const Json& tensor = report["tensor"];
    facts.push_back({"tensor", shape_of(tensor) + " (channels x height x width)"});
    facts.push_back({"tensor's sha256", tensor["sha256"].get<std::string>()});
  }
  std::string text = table(facts);
  for (std::size_t c = 0; c < report["channels"].size(); ++c) {
    const Json& channel = report["channels"][c];
    text += "\nchannel " + to_text(static_cast<std::int64_t>(c)) + ": " + number(channel["least"]) +
            " to " + number(channel["largest"]) + ", mean " + number(channel["mean"]);
    if (channel.contains("different_values")) {
      text += ", " + number(channel["different_values"]) + " different values";
    }
    text += "\n  pixels at the least " + share(channel["pixels_at_least"], pixels) +
            ", at the largest " + share(channel["pixels_at_largest"], pixels) + "\n" +
            histogram_of(channel);
  }
  if (!report.contains("recipe")) return text;
  text += "\nrecipe " + report["recipe_sha256"].get<std::string>() + "\n";
  if (report.contains("tensor")) return text + "takes the tensor as it is\n";
  text += step_table(report);
  const Json& map = report["pixel_map"];
  return text + "pixel (y, x) of the tensor lies at (" + number(map["offset_y"]) + " + " +
         number(map["scale_y"]) + " y, " + number(map["offset_x"]) + " + " +
         number(map["scale_x"]) + " x) of the image\n";
}

void write_visible(const std::string& path, const image::Image& image) {
  if (image.bit_depth() <= 16) {
    image::write_png(path, image);
  } else {
    image::write_png(path, image::to_16_bits(image));
  }
}

// DICOM as the recipe says or, where it does not, with the defaults of docs/dicom.md.
image::DecoderPool::Decode decoder_of(const std::optional<image::Recipe>& recipe) {
  if (recipe && recipe->dicom()) return image::image_decoder(*recipe);
  return [jpeg = recipe ? recipe->jpeg() : image::JpegOptions{}](std::span<const std::byte> file,
                                                                 std::string_view where) {
    return image::is_dicom(file) ? image::decode_dicom(file, image::DicomOptions{}, where)
                                 : image::decode_image(file, where, jpeg);
  };
}

int run(const Options& options) {
  const std::optional<image::Recipe> recipe = recipe_of(options);
  image::DecoderPool decoders(1, decoder_of(recipe));
  const std::string file = read_file(options.image, image::kMaxImageFileBytes);
  const std::span<const std::byte> bytes = std::as_bytes(std::span(file));
  image::InputFile input = image::read_input_file(options.image, decoders);
  auto* const tensor = std::get_if<image::NpyTensor>(&input);
  const Content content = tensor != nullptr
                              ? content_of_tensor(std::move(*tensor), bytes, options.image)
                              : Content{std::get<image::Image>(std::move(input)), {}};
  const Json report = report_of(options, bytes, content, recipe ? &*recipe : nullptr);
  if (!options.png.empty()) {
    if (recipe && !content.tensor) {
      write_visible(options.png, recipe->picture(content.image, context_of(options)));
    } else {
      write_visible(options.png, content.image);
    }
  }
  print(options.json ? to_text(report) : text_of(report));
  return 0;
}

}  // namespace

void add_inspect(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand(
      "inspect", "Show what an image file holds, and what a recipe makes of it");
  const auto options = std::make_shared<Options>();
  command->add_option("image", options->image, "Image to inspect")->required()->type_name("FILE");
  auto* recipe = command
                     ->add_option("--recipe", options->recipe,
                                  "Recipe to apply step by step: a file, or the name of one that "
                                  "apatite recipes lists. Default: none")
                     ->type_name("JSON-FILE|NAME");
  command
      ->add_option("--weights", options->weights,
                   "Weights file whose recipe is applied step by step. Default: none")
      ->type_name("FILE")
      ->excludes(recipe);
  command
      ->add_option("--laterality", options->laterality,
                   "Side of the breast, L or R, for recipes that need it, as in a manifest. "
                   "Default: unknown")
      ->check(CLI::IsMember({"L", "R"}))
      ->type_name("SIDE");
  command
      ->add_option("--box", options->box,
                   "Region of interest in pixels of the image, for recipes that need it, as in a "
                   "manifest. Default: none")
      ->delimiter(',')
      ->expected(4)
      ->check(CLI::Range(std::int64_t{0}, image::kMaxImageSide))
      ->type_name("TOP,LEFT,HEIGHT,WIDTH");
  command
      ->add_option(
          "--png", options->png,
          "File that the image after the recipe's last step goes to, as PNG. Default: none "
          "is written")
      ->type_name("FILE");
  command->add_flag("--json", options->json, "Print JSON instead of text");
  command->footer(
      "Examples:\n"
      "  apatite inspect mammogram.png\n"
      "  apatite inspect mammogram.png --recipe recipe.json --png seen.png\n"
      "  apatite inspect mammogram.jpg --recipe torchvision-224 --json\n"
      "  apatite inspect mammogram.dcm --png seen.png\n"
      "With a recipe, the shape, the range and the SHA-256 of the samples are shown after every\n"
      "step: if two programs disagree, they show after which step. In the PNG file, "
      "floating-point\n"
      "samples become 16-bit ones, from the least (black) to the largest (white). A .npy file of\n"
      "floating-point numbers is a network's input already: its values are shown, and a recipe "
      "only\n"
      "checks its shape.");
  command->callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace apatite::cli
