#include "engine/schedule/memory_plan.h"

#include <algorithm>
#include <utility>

#include "engine/schedule/arena.h"

namespace apatite::engine {
namespace {

class MemoryPlanner {
 public:
  MemoryPlanner(const Graph& graph, JobList& list, BatchOrder order)
      : graph_(graph), list_(list), order_(order) {}

  MemoryPlan run() {
    place_values();
    if (order_ == BatchOrder::kWholeBatch) {
      plan_buffers();  // all of them lie behind the cut, which is at job 0
      return std::move(plan_);
    }
    choose_cut();
    plan_buffers();
    // A gradient needs what the forward pass made long ago: held for a whole batch, all of it would
    // fill the memory. Then image by image to the end.
    constexpr std::int64_t kMostBatchFloats = std::int64_t{1} << 24;  // for one image: 64 MiB
    if (plan_.batch_arena > kMostBatchFloats) {
      plan_.cut_job = list_.jobs.size();
      plan_buffers();
    }
    return std::move(plan_);
  }

 private:
  const Node& node(NodeId id) const { return graph_.node(id); }

  // --- Places: which buffer each value lies in. ---

  bool is_concat(const Job& job) const {
    return job.kind == Job::Kind::kGroup &&
           std::holds_alternative<Concat>(node(job.group->main).op);
  }

  std::size_t new_buffer(const Layout& layout) {
    plan_.buffers.push_back({.floats = layout.image_size(), .first = kNowhere});
    return plan_.buffers.size() - 1;
  }

  void place_values() {
    last_read_.assign(list_.values.size(), 0);
    for (std::size_t i = 0; i < list_.jobs.size(); ++i) {
      for (const ValueId read : all_reads(list_.jobs[i])) last_read_[list_.roots[read].value] = i;
    }
    // The last concatenation of a dense block holds all the others, so it comes first.
    for (std::size_t i = list_.jobs.size(); i-- > 0;) {
      if (is_concat(list_.jobs[i])) place_concat(list_.jobs[i]);
    }
    concat_buffers_ = plan_.buffers.size();
    for (std::size_t i = 0; i < list_.jobs.size(); ++i) {
      for (const ValueId read : all_reads(list_.jobs[i])) place_view(read);
      if (list_.jobs[i].kind != Job::Kind::kOutput) place_result(list_.jobs[i], i);
    }
  }

  void place_view(ValueId view) {
    const Value& root = list_.values[list_.roots[view].value];
    list_.values[view].buffer = root.buffer;
    list_.values[view].first_block = root.first_block + list_.roots[view].block;
  }

  // Where the parts of a concatenation already lie one after the other, it is there. Else it gets a
  // buffer, and every part that has no place yet will be written straight into it.
  void place_concat(const Job& job) {
    Value& whole = list_.values[job.write];
    if (whole.buffer == kNowhere && lie_in_a_row(job.reads)) {
      whole.buffer = list_.values[job.reads[0]].buffer;
      whole.first_block = list_.values[job.reads[0]].first_block;
      return;
    }
    if (whole.buffer == kNowhere) whole.buffer = new_buffer(whole.layout);
    std::int64_t block = whole.first_block;
    for (const ValueId read : job.reads) {
      Value& part = list_.values[read];
      const bool first_use = part.buffer == kNowhere;
      if (first_use) {
        part.buffer = whole.buffer;
        part.first_block = block;
      }
      block += part.layout.blocks();
    }
  }

  bool lie_in_a_row(const std::vector<ValueId>& parts) const {
    const Value& first = list_.values[parts[0]];
    std::int64_t block = first.first_block;
    for (const ValueId part : parts) {
      const Value& value = list_.values[part];
      if (value.buffer == kNowhere || value.buffer != first.buffer || value.first_block != block) {
        return false;
      }
      block += value.layout.blocks();
    }
    return true;
  }

  // In the place of the residual, if that is read here for the last time; else in a new buffer.
  void place_result(const Job& job, std::size_t index) {
    Value& result = list_.values[job.write];
    if (result.buffer != kNowhere) return;
    if (job.residual && can_overwrite(*job.residual, job, index)) {
      result.buffer = list_.values[*job.residual].buffer;
      result.first_block = list_.values[*job.residual].first_block;
    } else {
      result.buffer = new_buffer(result.layout);
    }
  }

  // Whether nothing reads the residual later, and nothing else of its buffer now.
  bool can_overwrite(ValueId residual, const Job& job, std::size_t index) const {
    const std::size_t buffer = list_.values[residual].buffer;
    const auto lies_there = [&](ValueId read) { return list_.values[read].buffer == buffer; };
    return last_read_[list_.roots[residual].value] == index && buffer >= concat_buffers_ &&
           list_.values[residual].layout == list_.values[job.write].layout &&
           std::none_of(job.reads.begin(), job.reads.end(), lies_there) &&
           !(job.mask && lies_there(*job.mask));
  }

  // --- Order: what runs image by image, how long each buffer is in use. ---

  // The first convolution whose weights are larger than the image that it reads and writes.
  void choose_cut() {
    plan_.cut_job = list_.jobs.size();
    for (std::size_t i = 0; i < list_.jobs.size(); ++i) {
      if (list_.jobs[i].kind != Job::Kind::kGroup) continue;
      const Node& main = node(list_.jobs[i].group->main);
      if (!as_convolution(graph_, main) && !as_convolution_grad(graph_, main)) continue;
      const std::int64_t weights = element_count(graph_.parameters()[main.parameters[0]].dims);
      const Layout& x = list_.values[list_.jobs[i].reads[0]].layout;
      if (weights > x.image_size() + list_.values[list_.jobs[i].write].layout.image_size()) {
        plan_.cut_job = i;
        return;
      }
    }
  }

  void touch(ValueId value, std::size_t step) {
    Buffer& buffer = plan_.buffers[list_.values[value].buffer];
    if (buffer.first == kNowhere) buffer.first = step;
    buffer.last = step;
    buffer.whole_batch = buffer.whole_batch || step >= plan_.cut_job;
  }

  void plan_buffers() {
    for (Buffer& buffer : plan_.buffers) {
      buffer.first = kNowhere;
      buffer.whole_batch = false;
    }
    find_live_ranges();
    plan_arenas();
  }

  void find_live_ranges() {
    for (std::size_t i = 0; i < list_.jobs.size(); ++i) {
      for (const ValueId read : all_reads(list_.jobs[i])) touch(read, i);
      if (list_.jobs[i].kind != Job::Kind::kOutput) touch(list_.jobs[i].write, i);
    }
  }

  void plan_arenas() {
    constexpr std::int64_t kAlignment = 64 / sizeof(float);
    for (const bool whole_batch : {false, true}) {
      std::vector<LiveRange> ranges;
      std::vector<Buffer*> members;
      for (Buffer& buffer : plan_.buffers) {
        if (buffer.whole_batch != whole_batch || buffer.first == kNowhere) continue;
        ranges.push_back({buffer.first, buffer.last, buffer.floats});
        members.push_back(&buffer);
      }
      const ArenaPlan arena = plan_arena(ranges, kAlignment);
      for (std::size_t i = 0; i < members.size(); ++i) members[i]->offset = arena.offsets[i];
      (whole_batch ? plan_.batch_arena : plan_.image_arena) = arena.size;
    }
  }

  const Graph& graph_;
  JobList& list_;
  BatchOrder order_;
  std::vector<std::size_t> last_read_;  // by value: a job
  std::size_t concat_buffers_ = 0;      // the first buffers hold concatenations
  MemoryPlan plan_;
};

}  // namespace

MemoryPlan plan_memory(const Graph& graph, JobList& list, BatchOrder order) {
  return MemoryPlanner(graph, list, order).run();
}

}  // namespace apatite::engine
