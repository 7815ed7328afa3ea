// Converts a checkpoint that torch.save wrote to what a weights file holds: the recognised network,
// its tensors under the names of build_model() in binary32, and a report of everything that was
// changed or left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "models/model_config.h"
#include "weights/safetensors/named_tensors.h"

namespace apatite::weights {

// What the user chooses. Every field may be left at its default.
struct ConvertOptions {
  std::string architecture;              // "": recognised from names and shapes
  Json model_options = Json::object();   // of the family, e.g. {"stride_in_1x1": true}
  std::optional<std::int64_t> classes;   // must then agree with the head
  std::vector<std::string> class_names;  // empty: default_class_names() of weights/metadata.h
  Json recipe;                           // null: default_recipe() of the architecture
  std::string key;  // of the state dict in the checkpoint, "a/b" for b inside a; "": found by rule
};

// What convert() did. Names are those of the checkpoint, in its order.
struct ConvertReport {
  std::string format;           // "zip" or "legacy"
  std::string key;              // where the state dict was, "" for the outermost dict
  models::ModelConfig model;    // as recognised or given
  bool recognised = false;      // false: the user named it
  std::string assumption;       // what shapes cannot tell and nobody said; "": nothing
  std::int64_t tensors = 0;     // that the network takes
  std::int64_t parameters = 0;  // values in them
  std::string prefix;           // that was stripped, e.g. "module."
  std::vector<std::pair<std::string, std::string>>
      renamed;                         // without the stripped prefix: from, to
  std::int64_t dropped_counters = 0;   // num_batches_tracked
  std::vector<std::string> ignored;    // entries that are no tensors
  bool added_bias = false;             // the head had none: zeros
  std::int64_t widened = 0;            // values of F16 and BF16 tensors, exact
  std::int64_t from_binary64 = 0;      // values of F64 tensors,
  std::int64_t rounded = 0;            //   how many of them binary32 does not hold,
  double largest_relative_change = 0;  //   and the largest |binary32 - binary64| / |binary64|
  std::int64_t negative_zeros = 0;     // -0 made +0
  bool default_recipe = false;         // the recipe was chosen by the architecture

  // As lines of text for a reader, without '\n'.
  [[nodiscard]] std::vector<std::string> lines() const;
};

struct Conversion {
  models::ModelConfig model;
  std::vector<std::string> class_names;
  Json recipe;
  std::string source_sha256;  // of the checkpoint's bytes
  NamedTensors tensors;       // exactly the parameters of build_model(model), finite, without -0
  ConvertReport report;
};

// Reads a .pth, .pt or .th file in torch's zip format or its legacy format. Executes nothing from
// it. The file is mapped; memory is needed for the tensors and, at most, once more for the largest
// tensor.
//
// Recognises the networks of models/ by the names and shapes of their tensors
// (models/checkpoint.h): ResNets, CIFAR ResNets and DenseNets of any depth, width and number of
// input channels; any prefix before the names ("module.", "backbone."); a head of one linear layer
// under any name. Shapes cannot tell in which convolution a bottleneck block has its stride: it is
// the 3x3 convolution unless model_options say {"stride_in_1x1": true}.
//
// Throws Error: kIo if the file cannot be read; kBadFile if its content is refused or a tensor is
// missing, left over, of a wrong shape or not finite; kUsage if the options do not fit the
// checkpoint or it is not clear what is meant (the message says what to pass).
Conversion convert(const std::filesystem::path& path, const ConvertOptions& options = {});

// The same from bytes in memory; `where` is the file's name for messages.
Conversion convert(std::span<const std::byte> file, std::string_view where,
                   const ConvertOptions& options);

// The recipe that networks of this architecture are usually trained with, as the JSON of
// image/recipe/recipe.h: samples scaled to [0, 1], the steps that the family names
// (models/family.h), ImageNet's mean and standard deviation. Throws Error (kUsage) unless the
// network has 1 or 3 input channels.
Json default_recipe(const models::ModelConfig& model);

}  // namespace apatite::weights
