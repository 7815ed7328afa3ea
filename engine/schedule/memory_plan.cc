#include "engine/schedule/memory_plan.h"

#include <algorithm>
#include <utility>

#include "engine/graph/operations.h"
#include "engine/schedule/arena.h"

namespace apatite::engine {
namespace {

class MemoryPlanner {
 public:
  MemoryPlanner(const Graph& graph, Schedule& schedule, BatchOrder order)
      : graph_(graph), schedule_(schedule), order_(order) {}

  MemoryPlan run() {
    place_values();
    if (order_ == BatchOrder::kWholeBatch) {
      plan_buffers();  // the batch boundary is at operation 0
      return std::move(plan_);
    }
    choose_batch_boundary();
    plan_buffers();
    // A gradient needs what the forward pass made long ago: held for a whole batch, all of it would
    // fill the memory. Then image by image to the end.
    constexpr std::int64_t kMostBatchFloats = std::int64_t{1} << 24;  // for one image: 64 MiB
    if (plan_.batch_arena > kMostBatchFloats) {
      plan_.batch_boundary = schedule_.ops.size();
      plan_buffers();
    }
    return std::move(plan_);
  }

 private:
  const Node& node(NodeId id) const { return graph_.node(id); }

  // --- Places: which buffer each value lies in. ---

  bool is_concat(const ScheduledOp& scheduled) const {
    return scheduled.kind == ScheduledOp::Kind::kGroup &&
           operation_of(node(scheduled.group->main).op).blocks == BlockRule::kJoined;
  }

  std::size_t new_buffer(const Layout& layout) {
    plan_.buffers.push_back({.floats = layout.image_size(), .first = kUnplaced});
    return plan_.buffers.size() - 1;
  }

  void place_values() {
    last_read_.assign(schedule_.values.size(), 0);
    for (std::size_t i = 0; i < schedule_.ops.size(); ++i) {
      for (const ValueId read : all_reads(schedule_.ops[i]))
        last_read_[schedule_.roots[read].value] = i;
    }
    // The last concatenation of a dense block holds all the others, so it comes first.
    for (std::size_t i = schedule_.ops.size(); i-- > 0;) {
      if (is_concat(schedule_.ops[i])) place_concat(schedule_.ops[i]);
    }
    concat_buffers_ = plan_.buffers.size();
    for (std::size_t i = 0; i < schedule_.ops.size(); ++i) {
      for (const ValueId read : all_reads(schedule_.ops[i])) place_view(read);
      if (schedule_.ops[i].kind != ScheduledOp::Kind::kOutput) place_result(schedule_.ops[i], i);
    }
  }

  void place_view(ValueId view) {
    const Value& root = schedule_.values[schedule_.roots[view].value];
    schedule_.values[view].buffer = root.buffer;
    schedule_.values[view].first_block = root.first_block + schedule_.roots[view].block;
  }

  // Where the parts of a concatenation already lie one after the other, it is there. Else it gets a
  // buffer, and every part that has no place yet will be written straight into it.
  void place_concat(const ScheduledOp& scheduled) {
    Value& whole = schedule_.values[scheduled.write];
    if (whole.buffer == kUnplaced && lie_in_a_row(scheduled.reads)) {
      whole.buffer = schedule_.values[scheduled.reads[0]].buffer;
      whole.first_block = schedule_.values[scheduled.reads[0]].first_block;
      return;
    }
    if (whole.buffer == kUnplaced) whole.buffer = new_buffer(whole.layout);
    std::int64_t block = whole.first_block;
    for (const ValueId read : scheduled.reads) {
      Value& part = schedule_.values[read];
      const bool first_use = part.buffer == kUnplaced;
      if (first_use) {
        part.buffer = whole.buffer;
        part.first_block = block;
      }
      block += part.layout.blocks();
    }
  }

  bool lie_in_a_row(const std::vector<ValueId>& parts) const {
    const Value& first = schedule_.values[parts[0]];
    std::int64_t block = first.first_block;
    for (const ValueId part : parts) {
      const Value& value = schedule_.values[part];
      if (value.buffer == kUnplaced || value.buffer != first.buffer || value.first_block != block) {
        return false;
      }
      block += value.layout.blocks();
    }
    return true;
  }

  // In the place of the residual, if that is read here for the last time; else in a new buffer.
  void place_result(const ScheduledOp& scheduled, std::size_t index) {
    Value& result = schedule_.values[scheduled.write];
    if (result.buffer != kUnplaced) return;
    if (scheduled.residual && can_overwrite(*scheduled.residual, scheduled, index)) {
      result.buffer = schedule_.values[*scheduled.residual].buffer;
      result.first_block = schedule_.values[*scheduled.residual].first_block;
    } else {
      result.buffer = new_buffer(result.layout);
    }
  }

  // Whether nothing reads the residual later, and nothing else of its buffer now.
  bool can_overwrite(ValueId residual, const ScheduledOp& scheduled, std::size_t index) const {
    const std::size_t buffer = schedule_.values[residual].buffer;
    const auto lies_there = [&](ValueId read) { return schedule_.values[read].buffer == buffer; };
    return last_read_[schedule_.roots[residual].value] == index && buffer >= concat_buffers_ &&
           schedule_.values[residual].layout == schedule_.values[scheduled.write].layout &&
           std::none_of(scheduled.reads.begin(), scheduled.reads.end(), lies_there) &&
           !(scheduled.relu_mask && lies_there(*scheduled.relu_mask));
  }

  // --- Order: what runs image by image, how long each buffer is in use. ---

  // The first convolution whose weights are larger than the image that it reads and writes.
  void choose_batch_boundary() {
    plan_.batch_boundary = schedule_.ops.size();
    for (std::size_t i = 0; i < schedule_.ops.size(); ++i) {
      if (schedule_.ops[i].kind != ScheduledOp::Kind::kGroup) continue;
      const Node& main = node(schedule_.ops[i].group->main);
      if (!as_convolution(graph_, main) && !as_convolution_grad(graph_, main)) continue;
      const std::int64_t weights = element_count(graph_.parameters()[main.parameters[0]].dims);
      const Layout& x = schedule_.values[schedule_.ops[i].reads[0]].layout;
      if (weights > x.image_size() + schedule_.values[schedule_.ops[i].write].layout.image_size()) {
        plan_.batch_boundary = i;
        return;
      }
    }
  }

  void touch(ValueId value, std::size_t step) {
    Buffer& buffer = plan_.buffers[schedule_.values[value].buffer];
    if (buffer.first == kUnplaced) buffer.first = step;
    buffer.last = step;
    buffer.whole_batch = buffer.whole_batch || step >= plan_.batch_boundary;
  }

  void plan_buffers() {
    for (Buffer& buffer : plan_.buffers) {
      buffer.first = kUnplaced;
      buffer.whole_batch = false;
    }
    find_live_ranges();
    plan_arenas();
  }

  void find_live_ranges() {
    for (std::size_t i = 0; i < schedule_.ops.size(); ++i) {
      for (const ValueId read : all_reads(schedule_.ops[i])) touch(read, i);
      if (schedule_.ops[i].kind != ScheduledOp::Kind::kOutput) touch(schedule_.ops[i].write, i);
    }
  }

  void plan_arenas() {
    constexpr std::int64_t kAlignment = 64 / sizeof(float);
    for (const bool whole_batch : {false, true}) {
      std::vector<LiveRange> ranges;
      std::vector<Buffer*> members;
      for (Buffer& buffer : plan_.buffers) {
        if (buffer.whole_batch != whole_batch || buffer.first == kUnplaced) continue;
        ranges.push_back({buffer.first, buffer.last, buffer.floats});
        members.push_back(&buffer);
      }
      const ArenaPlan arena = plan_arena(ranges, kAlignment);
      for (std::size_t i = 0; i < members.size(); ++i) members[i]->offset = arena.offsets[i];
      (whole_batch ? plan_.batch_arena : plan_.image_arena) = arena.size;
    }
  }

  const Graph& graph_;
  Schedule& schedule_;
  BatchOrder order_;
  std::vector<std::size_t> last_read_;  // by value: an index of schedule_.ops
  std::size_t concat_buffers_ = 0;      // the first buffers hold concatenations
  MemoryPlan plan_;
};

}  // namespace

MemoryPlan plan_memory(const Graph& graph, Schedule& schedule, BatchOrder order) {
  return MemoryPlanner(graph, schedule, order).run();
}

}  // namespace apatite::engine
