// The images that the measurements run on.
#pragma once

#include <algorithm>
#include <cstdint>

#include "weights/self_test.h"

namespace apatite {

// Image i is that of the self-test with the seed i + 1.
inline engine::Tensor bench_images(const engine::Shape& shape, std::int64_t batch) {
  auto images = engine::Tensor::uninitialized(shape.with_batch(batch));
  for (std::int64_t i = 0; i < batch; ++i) {
    const engine::Tensor image = weights::self_test_input(shape, static_cast<std::uint64_t>(i) + 1);
    std::copy_n(image.data(), image.size(), images.data() + i * shape.size());
  }
  return images;
}

}  // namespace apatite
