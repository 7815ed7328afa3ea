// The input of a network from one file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

#include "engine/tensor.h"
#include "image/recipe.h"

namespace apatite {

// An image through `recipe`; or a .npy of floating-point numbers as it is, since it is what the
// network takes already: it must have the recipe's channels and, where the recipe fixes it, its
// size. 1 x C x H x W, finite, without -0. Throws Error as decode_image, decode_npy_tensor and
// Recipe::apply do.
Tensor load_input(const std::filesystem::path& path, const Recipe& recipe);
Tensor load_input(std::span<const std::byte> file, const Recipe& recipe, std::string_view where);

}  // namespace apatite
