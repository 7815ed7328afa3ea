// A weights file ready to run on images of any size.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/backend/backend.h"
#include "study/run/size_cache.h"
#include "weights/weights_file.h"

namespace apatite::study {

// The images (1 x C x H x W each, all of one size) one after the other: N x C x H x W.
engine::Tensor stack(std::span<const engine::Tensor* const> images);

class Network {
 public:
  // `weights` and `backend` must outlive it.
  Network(const weights::WeightsFile& weights, const engine::Backend& backend,
          engine::CompileOptions options)
      : weights_(weights), backend_(backend), options_(std::move(options)) {}

  // Compiles the network for images of this size, unless it is compiled already. Throws Error
  // (kUsage) if they are too small for it.
  void prepare(std::int64_t height, std::int64_t width) { (void)executable(height, width); }

  // The logits of each image; all images have one size, 1 x C x H x W. Throws as Executable::run.
  std::vector<std::vector<float>> logits(std::span<const engine::Tensor* const> images);

 private:
  engine::Executable& executable(std::int64_t height, std::int64_t width);

  const weights::WeightsFile& weights_;
  const engine::Backend& backend_;
  engine::CompileOptions options_;
  SizeCache<std::unique_ptr<engine::Executable>> compiled_;
};

}  // namespace apatite::study
