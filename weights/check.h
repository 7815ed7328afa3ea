// `apatite check`: everything that a weights file promises, tried.
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

  // The file has a self-test and it agrees.
  [[nodiscard]] bool self_test_agrees() const { return metadata.self_test == self_test; }
  // As lines of text for a reader, without '\n'.
  [[nodiscard]] std::vector<std::string> lines() const;
};

// Opens the file (header, metadata, table), reads every tensor (finite), and runs the self-test on
// `backend`. Throws Error: what WeightsFile throws; kBadFile if the file's self-test was made by
// another version of the contract or another result came out (both hashes are named).
CheckReport check_weights(const std::filesystem::path& path, const engine::Backend& backend,
                          const engine::CompileOptions& options = {});

}  // namespace apatite::weights
