// Code that the sub-commands which write a weights file share.
#pragma once

#include <filesystem>

#include "base/json.h"
#include "weights/metadata.h"
#include "weights/safetensors/named_tensors.h"

namespace apatite::cli {

// The recipe in `path` in its canonical form, or null if `path` is empty. Throws Error as
// Recipe::read does.
Json recipe_option(const std::filesystem::path& path);

// Computes the self-test on the default backend, writes the file and says what it is. Throws Error
// as write_weights does, and kUsage if the recipe does not make what the network takes.
void write_new_weights(const std::filesystem::path& path, weights::WeightsMetadata metadata,
                       const weights::NamedTensors& tensors);

}  // namespace apatite::cli
