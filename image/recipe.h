// The recipe: how an image becomes the tensor that a network was trained on (docs/recipes.md).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "engine/shape.h"
#include "engine/tensor.h"
#include "image/channels.h"
#include "image/dicom_options.h"
#include "image/geometry_step.h"
#include "image/image.h"

namespace apatite {

// The state after one step, for tracing and for finding where two programs part.
struct RecipeStep {
  std::string name;  // "decoded", "alpha", "resize", ..., "normalized"
  Shape shape;
  double min = 0;
  double max = 0;
  std::string sha256;  // of the samples: interleaved (channels x height x width only at the end)
};

struct RecipeResult {
  Tensor tensor;  // 1 x channels x height x width
  PixelMap map;   // from the tensor's pixels back to the image's
  std::vector<RecipeStep> trace;
};

class Recipe {
 public:
  // Throws Error (kBadFile, `where`) on a missing or unknown key, a wrong type or range.
  static Recipe from_json(const Json& json, std::string_view where);
  // A file with one such object, at most 1 MiB.
  static Recipe read(const std::filesystem::path& path);

  // The canonical form: every key written out; equal recipes give equal text.
  [[nodiscard]] Json to_json() const;
  // SHA-256 of to_text(to_json()): identifies the recipe.
  [[nodiscard]] std::string sha256() const;

  [[nodiscard]] std::int64_t channels() const { return channels_; }
  // How DICOM files become images. Empty: the recipe does not say, and they are refused.
  [[nodiscard]] const std::optional<DicomOptions>& dicom() const { return dicom_; }
  // True if the steps fix the size of the result whatever the image's.
  [[nodiscard]] bool has_fixed_size() const;
  // Throws Error (kUsage) unless has_fixed_size().
  [[nodiscard]] Shape output_shape() const;
  // For this image. Throws Error (kBadFile, the image's source) if a step cannot be applied to it.
  [[nodiscard]] Shape output_shape(const Image& image) const;
  [[nodiscard]] PixelMap pixel_map(const Image& image) const;
  // The part of the image that reaches the tensor: what no crop cut away, even where a later step
  // padded its place.
  [[nodiscard]] SourceBox visible_part(const Image& image) const;

  // Value of channel c at a pixel: ((sample / divide_by) - mean[c]) / std[c] in binary64, each
  // operation rounded once, then rounded once to binary32; never -0. Before that the steps in their
  // order, on samples of the image's type.
  // 1 x channels x height x width. Throws Error (kBadFile, the image's source) if the image does
  // not fit the recipe, kNumeric if a value does not fit binary32.
  [[nodiscard]] Tensor apply(const Image& image) const;
  // The same with the state after every step.
  [[nodiscard]] RecipeResult apply_traced(const Image& image) const;

 private:
  Recipe() = default;
  Tensor run(const Image& image, std::vector<RecipeStep>* trace) const;
  void check_type(const Image& image) const;
  [[nodiscard]] std::vector<PixelSize> sizes(const Image& image) const;
  [[nodiscard]] Tensor normalize(const Image& image) const;

  int bit_depth_ = 0;  // 0: any
  AlphaRule alpha_ = AlphaRule::kRefuse;
  std::int64_t channels_ = 0;
  std::optional<DicomOptions> dicom_;
  std::vector<GeometryStep> steps_;
  double divide_by_ = 0;  // 0: the image's max_sample()
  std::vector<double> mean_;
  std::vector<double> std_;
};

}  // namespace apatite
