#include "image/input.h"

#include <string>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "image/codec/decode.h"
#include "image/dicom/dicom_data_set.h"
#include "image/dicom/pixels/dicom.h"

namespace apatite::image {
namespace {

// The one place that tells a tensor from a picture. `decode` decodes a picture.
template <class Decode>
InputFile read_input(std::span<const std::byte> file, std::string_view where,
                     const Decode& decode) {
  if (is_npy_tensor(file, where)) return decode_npy_tensor(file, where);
  return decode();
}

engine::Tensor make_ready(InputFile input, const Recipe& recipe, std::string_view where,
                          const ImageContext& context) {
  if (const auto* picture = std::get_if<Image>(&input)) return recipe.apply(*picture, context);
  engine::Tensor& tensor = std::get<NpyTensor>(input).tensor;
  check_tensor(tensor, recipe, where);
  return std::move(tensor);
}

}  // namespace

InputFile read_input_file(const std::filesystem::path& path, DecoderPool& decoders) {
  const MappedFile file(path);
  return read_input(file.bytes(), path.string(), [&] { return decoders.decode(path); });
}

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

engine::Tensor load_input(std::span<const std::byte> file, const Recipe& recipe,
                          std::string_view where, const ImageContext& context) {
  const auto decode = [&] { return decode_image(file, where, recipe.jpeg()); };
  return make_ready(read_input(file, where, decode), recipe, where, context);
}

engine::Tensor load_input(const std::filesystem::path& path, const Recipe& recipe,
                          const ImageContext& context) {
  const std::string file = read_file(path, kMaxImageFileBytes);
  return load_input(std::as_bytes(std::span(file)), recipe, path.string(), context);
}

engine::Tensor load_input(const std::filesystem::path& path, const Recipe& recipe,
                          DecoderPool& decoders, const ImageContext& context) {
  return make_ready(read_input_file(path, decoders), recipe, path.string(), context);
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
