// From a graph to launches: what both GPU backends share. Everything here runs on the CPU.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "engine/backend/backend.h"
#include "engine/cuda/conv_plan.h"
#include "engine/cuda/launch.h"
#include "engine/cuda/parameters.h"
#include "engine/schedule/memory_plan.h"

namespace apatite::engine::cuda {

// Where the memory of one run lies. All pointers are of the device.
struct RunMemory {
  std::int64_t batch = 0;
  float* arena = nullptr;                 // Program::arena_floats(batch)
  const float* parameters = nullptr;      // a copy of Program::parameters()
  const Tap* taps = nullptr;              // a copy of Program::taps()
  const float* input = nullptr;           // the batch, N x C x H x W
  std::span<float* const> outputs;        // likewise, in the order of the outputs
  const std::int64_t* targets = nullptr;  // by image; null: the predicted classes
  std::int32_t* status = nullptr;         // set to 1 where a value is not finite
};

// The steps hold on to the program: it stays where it is.
class Program {
 public:
  // Loads and packs the parameters. Throws what `source` and fold_batch_norm throw.
  Program(const Graph& graph, const ParameterSource& source, const std::vector<NodeId>& outputs,
          bool fuse);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() = default;

  [[nodiscard]] std::span<const float> parameters() const { return parameters_.floats; }
  [[nodiscard]] std::span<const Tap> taps() const { return parameters_.taps; }
  // Gives the memory of parameters() and taps() back, once the device has its copies.
  void release_parameters();

  [[nodiscard]] std::int64_t arena_floats(std::int64_t batch) const {
    return memory_.batch_arena * batch;
  }

  // In the order in which they must run. Throws Error (kUsage) if a channel of a value would have
  // more pixels, all images together, than 32 bits count.
  [[nodiscard]] std::vector<Launch> launches(const RunMemory& memory) const;

 private:
  using MakeLaunch = std::function<Launch(const RunMemory&)>;

  void add(const Graph& graph, const ParameterSource& source, const ScheduledOp& scheduled);
  void add_group(const Graph& graph, const ParameterSource& source, const ScheduledOp& scheduled);
  void add_concat(const ScheduledOp& scheduled);
  // Where an operation reads and writes in a run; `norm`: the parameters of a batch norm.
  [[nodiscard]] LaunchSite site_of(const ScheduledOp& scheduled,
                                   const std::optional<AffineOffsets>& norm,
                                   const RunMemory& memory) const;
  [[nodiscard]] ConvArgs locate(const ConvPlan& plan, const RunMemory& memory) const;
  // The first element of a value: its channel 0, image 0.
  [[nodiscard]] float* at(const Value& value, const RunMemory& memory) const;

  Schedule schedule_;
  MemoryPlan memory_;
  std::vector<MakeLaunch> steps_;
  Parameters parameters_;
};

}  // namespace apatite::engine::cuda
