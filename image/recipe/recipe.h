// The recipe: how an image becomes the tensor that a network was trained on (docs/recipes.md).
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/json_object.h"
#include "engine/graph/shape.h"
#include "engine/graph/tensor.h"
#include "image/codec/jpeg_options.h"
#include "image/dicom/dicom_options.h"
#include "image/pixels/image.h"
#include "image/pixels/image_context.h"
#include "image/recipe/channels.h"
#include "image/recipe/geometry_step.h"
#include "image/recipe/normalize.h"

namespace apatite::image {

// The state after one step, for tracing and for finding the first step in which two programs
// differ.
struct RecipeStep {
  std::string name;  // "decoded", "orientation", "alpha", "grey", "resize", ..., "normalized"
  engine::Shape shape;
  double min = 0;
  double max = 0;
  std::string sha256;  // of the samples: interleaved (channels x height x width only at the end)
};

struct RecipeResult {
  engine::Tensor tensor;  // 1 x channels x height x width
  PixelMap map;           // Recipe::pixel_map
  std::vector<RecipeStep> trace;
};

// What to do with an EXIF orientation other than 1.
enum class OrientationRule {
  kRefuse,  // "refuse"
  kApply,   // "apply": the picture as it should be seen
  kIgnore,  // "ignore": the samples as stored
};

class Recipe {
 public:
  // Throws Error (kBadFile, `where`) on a missing or unknown key, a wrong type or range.
  static Recipe from_json(const Json& json, std::string_view where);
  // A preset's name (image/recipe/recipe_presets.h), or a file with one such object, at most 1 MiB.
  static Recipe read(const std::filesystem::path& path);

  // The canonical form: equal recipes give equal text. Every key is written out, except that a key
  // which was added to format 1 later is left out if its value is what format 1 did before.
  [[nodiscard]] Json to_json() const;
  // SHA-256 of to_text(to_json()): identifies the recipe.
  [[nodiscard]] std::string sha256() const;

  // How DICOM files become images. Empty: the recipe does not say, and they are refused.
  [[nodiscard]] const std::optional<DicomOptions>& dicom() const { return dicom_; }
  // How the samples of JPEG files are computed.
  [[nodiscard]] const JpegOptions& jpeg() const { return jpeg_; }
  [[nodiscard]] std::int64_t channels() const { return normalization_.channels; }
  // True if the size of the result is the same for every image.
  [[nodiscard]] bool has_fixed_size() const;
  // Throws Error (kUsage) unless has_fixed_size().
  [[nodiscard]] engine::Shape output_shape() const;
  // The shape of the result for this image. Throws Error (kBadFile, the image's source) if a step
  // cannot be applied to it. If a step depends on the samples (crop_breast), the steps are
  // computed.
  [[nodiscard]] engine::Shape output_shape(const Image& image,
                                           const ImageContext& context = {}) const;
  // The map from the tensor's pixels back to the pixels of oriented(image).
  [[nodiscard]] PixelMap pixel_map(const Image& image, const ImageContext& context = {}) const;
  // The pixels of oriented(image) whose middles reach the tensor: what no crop cut away, even where
  // a later step padded its place. May be empty (pixels_within).
  [[nodiscard]] Box visible_part(const Image& image, const ImageContext& context = {}) const;

  // The decoded image as pixel_map sees it: upright if the recipe applies its orientation. Throws
  // Error (kBadFile, the image's source) if the recipe refuses the orientation.
  [[nodiscard]] Image oriented(Image image) const;

  // Applies the steps in their order, on samples of the image's type, then normalises
  // (image/recipe/normalize.h). 1 x channels x height x width. Throws Error (kBadFile, the image's
  // source) if the image does not fit the recipe, kNumeric if a value does not fit binary32.
  [[nodiscard]] engine::Tensor apply(const Image& image, const ImageContext& context = {}) const;
  // The image after the last step, before it is normalised.
  [[nodiscard]] Image picture(const Image& image, const ImageContext& context = {}) const;
  // The same as apply(), with the state after every step.
  [[nodiscard]] RecipeResult apply_traced(const Image& image,
                                          const ImageContext& context = {}) const;

 private:
  struct Geometry {
    Geometry() = default;
    explicit Geometry(Size image);
    Size size;
    PixelMap map;
    Size source;  // of the picture that the first step gets
    Box visible;
    void advance(const PixelStep& step);
  };
  using Note = std::function<void(std::string_view, const Image&)>;

  Recipe() = default;
  void read_normalization(JsonObject& object);
  [[nodiscard]] Json normalization_to_json() const;
  engine::Tensor run(const Image& image, const ImageContext& context, RecipeResult* traced) const;
  void check_type(const Image& image) const;
  void check_orientation(const Image& image) const;
  [[nodiscard]] bool turns(const Image& image) const;
  [[nodiscard]] bool depends_on_samples() const;
  // The geometry for an image of this size; its samples are not used.
  [[nodiscard]] Geometry follow(Size size, const Image& image, const ImageContext& context) const;
  [[nodiscard]] Geometry geometry(const Image& image, const ImageContext& context) const;
  // Orientation, colours and steps; the result may be `image` itself.
  const Image& prepare(const Image& image, const ImageContext& context, const Note& note,
                       Image& owned, Geometry& geometry) const;

  int bit_depth_ = 0;  // 0: any
  OrientationRule orientation_ = OrientationRule::kRefuse;
  AlphaRule alpha_ = AlphaRule::kRefuse;
  std::optional<DicomOptions> dicom_;
  JpegOptions jpeg_;
  std::optional<GreyRule> grey_;  // none: colours stay, or must be equal where grey is taken
  std::vector<GeometryStep> steps_;
  double divide_by_ = 0;  // 0: the image's max_sample()
  Normalization normalization_;
};

}  // namespace apatite::image
