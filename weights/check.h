// Checks everything that a weights file promises, for `apatite check`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/backend/backend.h"
#include "weights/metadata.h"

namespace apatite::weights {

struct CheckReport {
  std::string file;
  std::string sha256;
  std::uint64_t bytes = 0;
  WeightsMetadata metadata;
  std::int64_t tensors = 0;
  std::int64_t values = 0;          // in all tensors
  std::int64_t negative_zeros = 0;  // -0 that are read as +0
  std::string backend;
  std::string isa;
  SelfTest self_test;  // computed here, with the file's seed and input where it has a self-test

  // True if the file has a self-test and it agrees.
  [[nodiscard]] bool self_test_agrees() const { return metadata.self_test == self_test; }
  // The report as lines of text for people, without '\n'.
  [[nodiscard]] std::vector<std::string> lines() const;
};

// Opens the file (which checks the header, the metadata and the table), reads every tensor (which
// must be finite), and runs the self-test on `backend`. Throws what WeightsFile throws, and Error
// (kBadFile) if the self-test in the file was made by another version of the contract or has
// another result (the message has both hashes).
CheckReport check_weights(const std::filesystem::path& path, const engine::Backend& backend,
                          const engine::CompileOptions& options = {});

}  // namespace apatite::weights
