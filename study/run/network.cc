#include "study/run/network.h"

#include <algorithm>

namespace apatite::study {
namespace {

// Sizes kept compiled: enough for a study that alternates between a few, little memory.
constexpr std::size_t kMostCompiled = 4;

// The images one after the other as one batch.
engine::Tensor stack(std::span<const engine::Tensor> images) {
  engine::Dims dims = images[0].dims();
  dims[0] = static_cast<std::int64_t>(images.size());
  engine::Tensor batch = engine::Tensor::uninitialized(dims);
  float* to = batch.data();
  for (const engine::Tensor& image : images) to = std::copy_n(image.data(), image.size(), to);
  return batch;
}

}  // namespace

engine::Executable& Network::executable(std::int64_t height, std::int64_t width) {
  const auto found = std::find_if(compiled_.begin(), compiled_.end(), [&](const Compiled& entry) {
    return entry.height == height && entry.width == width;
  });
  if (found != compiled_.end()) {
    compiled_.splice(compiled_.begin(), compiled_, found);
    return *compiled_.front().executable;
  }
  const engine::Graph graph = weights_.graph(height, width);
  if (compiled_.size() == kMostCompiled) compiled_.pop_back();
  compiled_.push_front({height, width, backend_.compile(graph, weights_, options_)});
  return *compiled_.front().executable;
}

std::vector<std::vector<float>> Network::logits(std::span<const engine::Tensor> images) {
  const engine::Dims& dims = images[0].dims();
  engine::Executable& network = executable(dims[2], dims[3]);
  const engine::Tensor output =
      images.size() == 1 ? network.run(images[0])[0] : network.run(stack(images))[0];
  const std::size_t classes = output.size() / images.size();
  std::vector<std::vector<float>> logits;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto row = output.values().subspan(i * classes, classes);
    logits.emplace_back(row.begin(), row.end());
  }
  return logits;
}

}  // namespace apatite::study
