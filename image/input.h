// The input of a network from one file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

#include "engine/graph/tensor.h"
#include "image/decoder/decoder_pool.h"
#include "image/recipe/recipe.h"

namespace apatite::image {

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
