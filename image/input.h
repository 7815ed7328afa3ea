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

// What a file holds for a network: a picture, which a recipe makes ready, or a tensor (a .npy of
// floating-point numbers), which is the network's input already.
using InputFile = std::variant<Image, NpyTensor>;

// Reads a file. A picture is decoded in a process of the pool; a tensor needs no codec and is read
// here. Throws Error as DecoderPool::decode and decode_npy_tensor do.
InputFile read_input_file(const std::filesystem::path& path, DecoderPool& decoders);

// Throws Error (kBadFile, `where`) unless the tensor has the recipe's channels and, where the
// recipe fixes it, its size.
void check_tensor(const engine::Tensor& tensor, const Recipe& recipe, std::string_view where);

// An image through `recipe`; or a .npy of floating-point numbers as it is, since it is what the
// network takes already: it must have the recipe's channels and, where the recipe fixes it, its
// size. 1 x C x H x W, finite, without -0. Throws Error as decode_image, decode_npy_tensor and
// Recipe::apply do.
//
// With a pool (made with image_decoder(recipe)) images are decoded in its processes; without one
// here, and DICOM files are refused.
engine::Tensor load_input(const std::filesystem::path& path, const Recipe& recipe,
                          DecoderPool& decoders, const ImageContext& context = {});
engine::Tensor load_input(const std::filesystem::path& path, const Recipe& recipe,
                          const ImageContext& context = {});
engine::Tensor load_input(std::span<const std::byte> file, const Recipe& recipe,
                          std::string_view where, const ImageContext& context = {});

// What a decoder process runs for this recipe: every format of decode_image, and DICOM as the
// recipe says. Throws Error (kBadFile) for a DICOM file if it says nothing.
DecoderPool::Decode image_decoder(const Recipe& recipe);

}  // namespace apatite::image
