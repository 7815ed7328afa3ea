#include "study/run/network.h"

#include <algorithm>

namespace apatite::study {

engine::Tensor stack(std::span<const engine::Tensor* const> images) {
  engine::Dims dims = images[0]->dims();
  dims[0] = static_cast<std::int64_t>(images.size());
  engine::Tensor batch = engine::Tensor::uninitialized(dims);
  float* to = batch.data();
  for (const engine::Tensor* image : images) to = std::copy_n(image->data(), image->size(), to);
  return batch;
}

engine::Executable& Network::executable(std::int64_t height, std::int64_t width) {
  return *compiled_.get(height, width, [&] {
    return backend_.compile(weights_.graph(height, width), weights_, options_);
  });
}

std::vector<std::vector<float>> Network::logits(std::span<const engine::Tensor* const> images) {
  const engine::Dims& dims = images[0]->dims();
  engine::Executable& network = executable(dims[2], dims[3]);
  const engine::Tensor output =
      images.size() == 1 ? network.run(*images[0])[0] : network.run(stack(images))[0];
  const std::size_t classes = output.size() / images.size();
  std::vector<std::vector<float>> logits;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto row = output.values().subspan(i * classes, classes);
    logits.emplace_back(row.begin(), row.end());
  }
  return logits;
}

}  // namespace apatite::study
