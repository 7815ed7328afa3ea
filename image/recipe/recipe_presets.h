// Recipes that many networks were trained with, by name.
#pragma once

#include <span>
#include <string_view>

namespace apatite::image {

struct RecipePreset {
  std::string_view name;
  std::string_view description;  // one line
  std::string_view json;         // docs/recipes.md
};

std::span<const RecipePreset> recipe_presets();

// Null if there is none of that name.
const RecipePreset* find_recipe_preset(std::string_view name);

}  // namespace apatite::image
