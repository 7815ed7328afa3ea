// A step of a compiled network, and what it works on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "engine/exact/kernels.h"
#include "engine/graph/tensor.h"
#include "engine/schedule/layout.h"

namespace apatite::engine::exact {

// The part of the memory in which one buffer lies during a run.
struct BufferMemory {
  float* data = nullptr;          // of the first image in work
  std::int64_t image_stride = 0;  // floats between images
};

class Step;

// Arguments of a step: the images to process, the share of them that this thread has, and the
// buffers.
struct RunContext {
  const Tensor* input = nullptr;          // the whole batch
  std::span<const std::int64_t> targets;  // the whole batch; empty: the predicted classes
  std::span<Tensor> outputs;              // the whole batch
  std::int64_t first_image = 0;           // of the batch; the images in work
  std::int64_t images = 0;                // start there
  std::span<const BufferMemory> buffers;
  int part = 0;  // of each step: `parts` threads have one each
  int parts = 1;
  float* scratch = nullptr;    // of the calling thread, Step::scratch_floats() at least
  Status* status = nullptr;    // of the calling thread
  const Step* next = nullptr;  // the step that follows, if one does

  // The first float of `value` (row 0, column 0, block 0) for the `image`-th image in work.
  [[nodiscard]] float* at(const Value& value, std::int64_t image) const {
    const BufferMemory& memory = buffers[value.buffer];
    return memory.data + image * memory.image_stride +
           value.first_block * value.layout.block_stride() +
           value.layout.pad_left * value.layout.lanes;
  }
};

// Units [begin, end).
struct Share {
  std::int64_t begin;
  std::int64_t end;
  [[nodiscard]] std::int64_t size() const { return end - begin; }
  [[nodiscard]] Share moved(std::int64_t by) const { return {begin + by, end + by}; }
};
// One part of `count` units: equal parts, in order.
inline Share share_of(std::int64_t count, std::int64_t part, std::int64_t parts) {
  return {count * part / parts, count * (part + 1) / parts};
}

inline std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// Threads have equal parts of a step, each cut in chunks, which other threads may compute if they
// have nothing left to do (engine/runtime/chunk_queue.h); then they meet at a barrier and go on to
// the next step. A chunk takes at least about 20 microseconds, where the step is long enough: far
// longer than it takes to share it.
class Step {
 public:
  Step() = default;
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  virtual ~Step() = default;

  // Of the context's part.
  [[nodiscard]] virtual std::int64_t chunks(const RunContext& context) const = 0;
  // Chunks may run at the same time and in any order.
  virtual void run_chunk(const RunContext& context, std::int64_t chunk) const = 0;
  [[nodiscard]] virtual std::int64_t scratch_floats() const { return 0; }
  // The weights that this part reads first: the step before fetches them into the cache.
  [[nodiscard]] virtual std::span<const float> first_weights(const RunContext&) const { return {}; }
};

// The independent units of equal cost, in a row, that an image has in a step.
struct Units {
  std::int64_t count;
  std::int64_t floats;  // that each moves, roughly
};
inline Units rows_of(const Layout& layout) {
  return {layout.blocks() * layout.height, layout.row_stride()};
}
inline Units blocks_of(const Layout& layout) { return {layout.blocks(), layout.block_stride()}; }

// A step of units. Parts and chunks are runs of them, counted over the images.
class UnitStep : public Step {
 public:
  [[nodiscard]] std::int64_t chunks(const RunContext& context) const final {
    return divide_up(part_of(context).size(), chunk_units_);
  }
  void run_chunk(const RunContext& context, std::int64_t chunk) const final {
    const Share part = part_of(context);
    run_units(context, share_of(part.size(), chunk, chunks(context)).moved(part.begin));
  }

 protected:
  explicit UnitStep(const Units& units)
      : units_(units.count),
        chunk_units_(
            std::max<std::int64_t>(1, kChunkFloats / std::max<std::int64_t>(1, units.floats))) {}

 private:
  static constexpr std::int64_t kChunkFloats = 32'768;

  [[nodiscard]] Share part_of(const RunContext& context) const {
    return share_of(context.images * units_, context.part, context.parts);
  }
  virtual void run_units(const RunContext& context, Share units) const = 0;

  std::int64_t units_;
  std::int64_t chunk_units_;
};

// Steps that need no barrier between them.
class StepList final : public Step {
 public:
  explicit StepList(std::vector<std::unique_ptr<Step>> steps) : steps_(std::move(steps)) {}
  [[nodiscard]] std::int64_t chunks(const RunContext& context) const override;
  void run_chunk(const RunContext& context, std::int64_t chunk) const override;
  [[nodiscard]] std::int64_t scratch_floats() const override;

 private:
  std::vector<std::unique_ptr<Step>> steps_;
};

// Calls work(image, block) for units that are the blocks of the images.
template <class Function>
void for_each_block(Share units, const Layout& layout, Function work) {
  for (std::int64_t unit = units.begin; unit < units.end; ++unit) {
    work(unit / layout.blocks(), unit % layout.blocks());
  }
}

// Calls work(image, channel, row) for units that are rows.
template <class Function>
void for_each_row(Share units, std::int64_t channels, std::int64_t height, Function work) {
  for (std::int64_t unit = units.begin; unit < units.end; ++unit) {
    work(unit / height / channels, unit / height % channels, unit % height);
  }
}

}  // namespace apatite::engine::exact
