// A weights file: a network's configuration, its tensors and how to use it, in one safetensors
// file (docs/formats.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "engine/graph/graph.h"
#include "weights/metadata.h"
#include "weights/safetensors/named_tensors.h"
#include "weights/safetensors/safetensors.h"

namespace apatite::weights {

// Opening a file checks the header, the metadata and the table, but not the values. A tensor is
// read and checked when it is loaded.
class WeightsFile : public engine::ParameterSource {
 public:
  // Throws Error: kIo if the file cannot be opened, kBadFile if it is refused.
  explicit WeightsFile(const std::filesystem::path& path);

  // The file's name, for messages.
  [[nodiscard]] const std::string& where() const noexcept { return file_.where(); }
  [[nodiscard]] const WeightsMetadata& metadata() const noexcept { return metadata_; }
  [[nodiscard]] const SafetensorsHeader& header() const noexcept { return file_.header(); }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return file_.bytes(); }
  // Of bytes().
  [[nodiscard]] std::string sha256() const { return file_.sha256(); }

  // The network for images of this size. Throws Error (kUsage) if it is too small.
  [[nodiscard]] engine::Graph graph(std::int64_t height, std::int64_t width) const;

  // Throws Error: kBadFile (the file, the tensor, the index) if a value is not finite; kUsage if
  // the parameter is none of this network's.
  [[nodiscard]] engine::Tensor load(const engine::Parameter& parameter) const override;
  // The same, with a report of the values that were changed.
  [[nodiscard]] LoadedTensor load_with_report(const engine::Parameter& parameter) const;

 private:
  SafetensorsFile file_;
  WeightsMetadata metadata_;
};

// The input size of the architecture's paper, with the configuration's channels, or a larger size
// if a layer needs it. Throws Error (kUsage) if no input fits.
engine::Shape default_input(const models::ModelConfig& model);

// Writes a file that WeightsFile reads, atomically; the same arguments give the same bytes
// everywhere. Throws Error: kUsage if metadata or tensors are not what the network declares or a
// value is not finite; kIo.
void write_weights(const std::filesystem::path& path, const WeightsMetadata& metadata,
                   const NamedTensors& tensors);

}  // namespace apatite::weights
