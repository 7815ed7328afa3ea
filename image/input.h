// The input of a network from one file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <variant>

#include "engine/graph/tensor.h"
#include "image/codec/npy.h"
#include "image/decoder/decoder_pool.h"
#include "image/pixels/image.h"
#include "image/recipe/recipe.h"

namespace apatite::image {

// What a file holds for a network: a picture, which a recipe preprocesses, or a tensor (a .npy of
// floating-point numbers), which is the network's input already.
using InputFile = std::variant<Image, NpyTensor>;

// Reads a file. A picture is decoded in a process of the pool; a tensor needs no codec and is read
// here. Throws Error as DecoderPool::decode and decode_npy_tensor do.
InputFile read_input_file(const std::filesystem::path& path, DecoderPool& decoders);

// Throws Error (kBadFile, `where`) unless the tensor has the recipe's channels and, if the
// recipe fixes the size, that size.
void check_tensor(const engine::Tensor& tensor, const Recipe& recipe, std::string_view where);

// Reads the input of a network from one file: 1 x C x H x W, finite, without -0.
//   - An image is decoded and preprocessed by `recipe`.
//   - A .npy file of floating-point numbers is taken as it is, because it is a network's input
//     already. It must have the recipe's channels and, if the recipe fixes the size, that size.
// Throws Error as decode_image, decode_npy_tensor and Recipe::apply do.
//
// With a pool, which must be made with image_decoder(recipe), images are decoded in the processes
// of the pool. Without one they are decoded in this process, and DICOM files are refused.
engine::Tensor load_input(const std::filesystem::path& path, const Recipe& recipe,
                          DecoderPool& decoders, const ImageContext& context = {});
engine::Tensor load_input(const std::filesystem::path& path, const Recipe& recipe,
                          const ImageContext& context = {});
engine::Tensor load_input(std::span<const std::byte> file, const Recipe& recipe,
                          std::string_view where, const ImageContext& context = {});

// The function that a decoder process runs for this recipe. It decodes every format of
// decode_image, and DICOM files as the recipe says. It throws Error (kBadFile) for a DICOM file if
// the recipe has no section "dicom".
DecoderPool::Decode image_decoder(const Recipe& recipe);

}  // namespace apatite::image
