#include "weights/weights_file.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "models/models.h"
#include "weights/table.h"

namespace apatite::weights {

WeightsFile::WeightsFile(const std::filesystem::path& path)
    : file_(path), metadata_(metadata_from_strings(file_.header().metadata, file_.where())) {
  const engine::Shape input = default_input(metadata_.model);
  const engine::Graph declared = graph(input.height, input.width);
  check_table(declared.parameters(), file_.header().tensors, where());
}

engine::Graph WeightsFile::graph(std::int64_t height, std::int64_t width) const {
  return models::build_model(metadata_.model, height, width);
}

engine::Tensor WeightsFile::load(const engine::Parameter& parameter) const {
  return load_with_report(parameter).values;
}

LoadedTensor WeightsFile::load_with_report(const engine::Parameter& parameter) const {
  const TensorEntry* entry = file_.header().find(parameter.name);
  if (entry == nullptr || entry->dims != parameter.dims) {
    throw Error(ErrorKind::kUsage, where(),
                "has no tensor " + quote(parameter.name) + " of " +
                    engine::to_text(std::span(parameter.dims)),
                "it holds the weights of " + metadata_.model.architecture);
  }
  return file_.load(*entry);
}

engine::Shape default_input(const models::ModelConfig& model) {
  const auto info = std::find_if(
      models::models().begin(), models::models().end(),
      [&](const models::ModelInfo& known) { return known.name == model.architecture; });
  engine::Shape input =
      info == models::models().end() ? engine::Shape{0, 224, 224} : info->default_input;
  input.channels = model.input_channels;
  constexpr std::int64_t kMostPixels = 4096;
  for (;; input.height *= 4, input.width *= 4) {
    try {
      models::build_model(model, input.height, input.width);
      return input;
    } catch (const Error&) {
      if (input.height > kMostPixels) throw;
    }
  }
}

void write_weights(const std::filesystem::path& path, const WeightsMetadata& metadata,
                   const NamedTensors& tensors) {
  const StringMap strings = to_strings(metadata);
  const engine::Shape input = default_input(metadata.model);
  const engine::Graph declared = models::build_model(metadata.model, input.height, input.width);
  try {
    check_table(declared.parameters(), tensors, path.string());
  } catch (const Error& error) {
    throw Error(ErrorKind::kUsage, "weights", error.what());
  }
  for (const auto& [name, tensor] : tensors) {
    if (const std::int64_t index = engine::first_non_finite(tensor.values()); index >= 0) {
      throw Error(ErrorKind::kUsage, path.string(),
                  "tensor " + quote(name) + " is not finite: element " + to_text(index) + " is " +
                      to_text(tensor.data()[index]));
    }
  }
  write_safetensors(path, tensors, strings);
}

}  // namespace apatite::weights
