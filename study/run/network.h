// A weights file ready to run on images of any size.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/backend/backend.h"
#include "weights/weights_file.h"

namespace apatite::study {

class Network {
 public:
  Network(const weights::WeightsFile& weights, const engine::Backend& backend,
          engine::CompileOptions options)
      : weights_(weights), backend_(backend), options_(std::move(options)) {}

  // Throws Error (kUsage) if images of this size are too small for the network.
  void prepare(std::int64_t height, std::int64_t width) { (void)executable(height, width); }

  // The logits of each image; all images have one size, 1 x C x H x W. Throws as Executable::run.
  std::vector<std::vector<float>> logits(std::span<const engine::Tensor> images);

 private:
  struct Compiled {
    std::int64_t height;
    std::int64_t width;
    std::unique_ptr<engine::Executable> executable;
  };

  engine::Executable& executable(std::int64_t height, std::int64_t width);

  const weights::WeightsFile& weights_;
  const engine::Backend& backend_;
  engine::CompileOptions options_;
  std::list<Compiled> compiled_;  // the latest used first
};

}  // namespace apatite::study
