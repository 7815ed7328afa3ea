#include "image/input.h"

#include <string>

#include "base/error.h"
#include "base/file.h"
#include "image/codec/decode.h"
#include "image/codec/npy.h"
#include "image/dicom/dicom.h"
#include "image/dicom/dicom_data_set.h"

namespace apatite::image {
namespace {

void check_tensor(const engine::Tensor& tensor, const Recipe& recipe, std::string_view where) {
  const engine::Shape shape{tensor.dims()[1], tensor.dims()[2], tensor.dims()[3]};
  const engine::Shape expected = recipe.has_fixed_size()
                                     ? recipe.output_shape()
                                     : engine::Shape{recipe.channels(), shape.height, shape.width};
  if (shape == expected) return;
  throw Error(ErrorKind::kBadFile, where,
              "holds a tensor of " + engine::to_text(shape) + " where the recipe gives " +
                  engine::to_text(expected),
              "store channels x height x width as the network takes them");
}

}  // namespace

engine::Tensor load_input(std::span<const std::byte> file, const Recipe& recipe,
                          std::string_view where, const ImageContext& context) {
  if (!is_npy_tensor(file, where)) {
    return recipe.apply(decode_image(file, where, recipe.jpeg()), context);
  }
  engine::Tensor tensor = decode_npy_tensor(file, where).tensor;
  check_tensor(tensor, recipe, where);
  return tensor;
}

engine::Tensor load_input(const std::filesystem::path& path, const Recipe& recipe,
                          const ImageContext& context) {
  const std::string file = read_file(path, kMaxImageFileBytes);
  return load_input(std::as_bytes(std::span(file)), recipe, path.string(), context);
}

engine::Tensor load_input(const std::filesystem::path& path, const Recipe& recipe,
                          DecoderPool& decoders, const ImageContext& context) {
  {
    // A tensor needs no codec: apatite's own reader takes it in this process.
    const MappedFile file(path);
    if (is_npy_tensor(file.bytes(), path.string())) {
      return load_input(file.bytes(), recipe, path.string());
    }
  }
  return recipe.apply(decoders.decode(path), context);
}

DecoderPool::Decode image_decoder(const Recipe& recipe) {
  return [dicom = recipe.dicom(), jpeg = recipe.jpeg()](std::span<const std::byte> file,
                                                        std::string_view where) {
    if (!is_dicom(file)) return decode_image(file, where, jpeg);
    if (dicom) return decode_dicom(file, *dicom, where);
    throw Error(ErrorKind::kBadFile, where,
                "is a DICOM file, and the recipe does not say how to show it",
                "add to the recipe, e.g., \"dicom\": {\"voi\": \"first\", \"output\": 16}");
  };
}

}  // namespace apatite::image
