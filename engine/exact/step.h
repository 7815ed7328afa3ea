// A step of a compiled network, and what it works on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/exact/kernels.h"
#include "engine/layout.h"
#include "engine/tensor.h"

namespace apatite::exact {

// The part of the memory in which one buffer lies during a run.
struct BufferMemory {
  float* data = nullptr;          // of the first image in work
  std::int64_t image_stride = 0;  // floats between images
};

class Step;

// One call of the steps: the images in work, who works, and on which memory.
struct RunContext {
  const Tensor* input = nullptr;          // the whole batch
  std::span<const std::int64_t> targets;  // the whole batch; empty: the predicted classes
  std::span<Tensor> outputs;              // the whole batch
  std::int64_t first_image = 0;           // of the batch; the images in work
  std::int64_t images = 0;                // start there
  std::span<const BufferMemory> buffers;
  int thread = 0;
  int threads = 1;
  float* scratch = nullptr;    // of this thread, Step::scratch_floats() at least
  Status* status = nullptr;    // of this thread
  const Step* next = nullptr;  // the step that follows, if one does

  // The first float of `value` (row 0, column 0, block 0) for the `image`-th image in work.
  [[nodiscard]] float* at(const Value& value, std::int64_t image) const {
    const BufferMemory& memory = buffers[value.buffer];
    return memory.data + image * memory.image_stride +
           value.first_block * value.layout.block_stride() +
           value.layout.pad_left * value.layout.lanes;
  }
};

// This thread's share [begin, end) of `count` units: equal parts, in order.
struct Share {
  std::int64_t begin;
  std::int64_t end;
};
inline Share share_of(std::int64_t count, int part, int parts) {
  return {count * part / parts, count * (part + 1) / parts};
}

// Calls work(image, block) for this thread's share of all blocks of all images.
template <class Function>
void for_each_block(const RunContext& context, const Layout& layout, Function work) {
  const Share share = share_of(context.images * layout.blocks(), context.thread, context.threads);
  for (std::int64_t unit = share.begin; unit < share.end; ++unit) {
    work(unit / layout.blocks(), unit % layout.blocks());
  }
}

// All threads call run() of one step, then meet at a barrier, then go on to the next step.
class Step {
 public:
  Step() = default;
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  virtual ~Step() = default;

  virtual void run(const RunContext& context) const = 0;
  [[nodiscard]] virtual std::int64_t scratch_floats() const { return 0; }
  // The weights that this thread reads first: the step before fetches them into the cache.
  [[nodiscard]] virtual std::span<const float> first_weights(const RunContext&) const { return {}; }
};

}  // namespace apatite::exact
