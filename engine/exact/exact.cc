#include "engine/exact/exact.h"

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "engine/exact/kernels.h"
#include "engine/exact/plan.h"
#include "engine/reference/reference.h"
#include "engine/runtime/chunk_queue.h"
#include "engine/runtime/fp_environment.h"
#include "engine/runtime/threads.h"

namespace apatite::engine {
namespace {

using exact::KernelTable;
using exact::RunContext;

class ExactExecutable final : public Executable {
 public:
  ExactExecutable(const Graph& graph, const ParameterSource& source, const KernelTable& kernels,
                  const CompileOptions& options)
      : graph_(graph),
        source_(source),
        outputs_(resolve_outputs(graph, options)),
        threads_(resolve_threads(options.threads)),
        open_(static_cast<std::size_t>(threads_)) {
    const FpEnvironment environment;
    plan_ = exact::make_plan(graph_, source, kernels, outputs_, options.fuse, threads_);
    for (const auto& step : plan_.steps) {
      scratch_floats_ = std::max(scratch_floats_, step->scratch_floats());
    }
    for (int thread = 0; thread < threads_; ++thread) {
      scratch_.emplace_back(static_cast<std::size_t>(scratch_floats_));
    }
  }

  std::vector<Tensor> run(const Tensor& input, std::span<const std::int64_t> targets) override {
    check_input(graph_, input);
    const std::int64_t batch = input.dims()[0];
    check_targets(graph_, targets, batch);
    std::vector<Tensor> outputs;
    for (const NodeId id : outputs_) {
      outputs.push_back(Tensor::uninitialized(graph_.node(id).shape.with_batch(batch)));
    }
    reserve_memory(batch);
    std::vector<exact::Status> status(static_cast<std::size_t>(threads_));
    alone_ = 0;
#pragma omp parallel num_threads(threads_)
    {
      const FpEnvironment environment;
      const int thread = omp_get_thread_num();
      RunContext context{.input = &input,
                         .targets = targets,
                         .outputs = outputs,
                         .scratch = scratch_[static_cast<std::size_t>(thread)].data(),
                         .status = &status[static_cast<std::size_t>(thread)]};
      run_steps(context, thread, omp_get_num_threads(), batch);
    }
    const bool finite = std::all_of(status.begin(), status.end(),
                                    [](const exact::Status& s) { return s.all_finite(); });
    if (!finite) {
      throw_first_non_finite("exact", ErrorKind::kInternal, graph_, source_,
                             {.outputs = outputs_, .threads = threads_}, input, targets);
    }
    return outputs;
  }

 private:
  // The step that a thread is at. Once a chunk is taken, others may read the rest.
  struct Open {
    ChunkQueue chunks;
    const exact::Step* step = nullptr;
    const RunContext* context = nullptr;
  };

  void reserve_memory(std::int64_t batch) {
    const auto floats = static_cast<std::size_t>(plan_.memory.batch_arena * batch);
    if (batch_arena_.size() < floats) batch_arena_ = AlignedArray<float>(floats);
    // Each thread that takes images of its own needs an arena.
    const auto arenas = static_cast<std::size_t>(std::min<std::int64_t>(batch, threads_));
    while (image_arenas_.size() < arenas) {
      image_arenas_.emplace_back(static_cast<std::size_t>(plan_.memory.image_arena));
    }
  }

  // Every thread of the team calls this. Each thread first runs batch / threads images alone, then
  // helps the threads that are not finished with theirs. The images that remain are shared by all
  // threads.
  void run_steps(RunContext& context, int thread, int threads, std::int64_t batch) {
    const std::int64_t alone = batch / threads;
    if (alone > 0) {
      run_images(context, thread, thread * alone, alone, thread);
      alone_.fetch_add(1, std::memory_order_acq_rel);
      Idle idle;
      while (alone_.load(std::memory_order_acquire) < threads) {
        if (help_others(context, thread, threads)) {
          idle = {};
        } else {
          idle.wait();
        }
      }
    }
    if (alone * threads == batch) return;
    context.part = thread;
    context.parts = threads;
    run_images(context, 0, alone * threads, batch - alone * threads, thread);
  }

  // Images [first, first + count) of the batch in the `arena`-th image arena, the part of the
  // context by this thread.
  void run_images(RunContext& context, int arena, std::int64_t first, std::int64_t count,
                  int thread) {
    std::vector<exact::BufferMemory> buffers(plan_.memory.buffers.size());
    context.buffers = buffers;
    context.images = 1;
    for (std::int64_t image = 0; image < count; ++image) {
      locate_buffers(buffers, arena, first, count, image);
      context.first_image = first + image;
      for (std::size_t i = 0; i < plan_.batch_boundary; ++i) run_step(i, context, thread);
    }
    locate_buffers(buffers, arena, first, count, 0);
    context.first_image = first;
    context.images = count;
    for (std::size_t i = plan_.batch_boundary; i < plan_.steps.size(); ++i)
      run_step(i, context, thread);
  }

  void run_step(std::size_t index, RunContext& context, int thread) {
    const exact::Step& step = *plan_.steps[index];
    context.next = index + 1 < plan_.steps.size() ? plan_.steps[index + 1].get() : nullptr;
    Open& open = open_[static_cast<std::size_t>(thread)];
    open.step = &step;
    open.context = &context;
    open.chunks.open(step.chunks(context));
    while (const auto chunk = open.chunks.take_front()) step.run_chunk(context, *chunk);
    if (context.parts > 1) {
      while (help_others(context, thread, context.parts)) {
      }
    }
    open.chunks.wait_for_taken();
    if (context.parts > 1) barrier_.wait(context.parts);
  }

  // Computes a chunk of another thread; false if there is none to take. Step, context and all that
  // they refer to stay as they are until it is finished: their owner waits for it.
  bool help_others(const RunContext& own, int thread, int threads) {
    for (int i = 1; i < threads; ++i) {
      Open& other = open_[static_cast<std::size_t>((thread + i) % threads)];
      const auto chunk = other.chunks.take_back();
      if (!chunk) continue;
      RunContext context = *other.context;
      context.scratch = own.scratch;
      context.status = own.status;
      other.step->run_chunk(context, *chunk);
      other.chunks.finish_taken();
      return true;
    }
    return false;
  }

  // Where the buffers of image `image` (counted from `first`) and those behind it lie. Of the whole
  // batch's arena, images [first, first + count) have the part that starts at `first` images.
  void locate_buffers(std::vector<exact::BufferMemory>& memory, int arena, std::int64_t first,
                      std::int64_t count, std::int64_t image) const {
    float* of_image = const_cast<float*>(image_arenas_[static_cast<std::size_t>(arena)].data());
    float* of_batch = const_cast<float*>(batch_arena_.data()) + plan_.memory.batch_arena * first;
    for (std::size_t i = 0; i < memory.size(); ++i) {
      const Buffer& buffer = plan_.memory.buffers[i];
      memory[i] =
          buffer.whole_batch
              ? exact::BufferMemory{of_batch + buffer.offset * count + image * buffer.floats,
                                    buffer.floats}
              : exact::BufferMemory{of_image + buffer.offset, 0};
    }
  }

  Graph graph_;
  const ParameterSource& source_;
  std::vector<NodeId> outputs_;
  int threads_;
  std::vector<Open> open_;  // by thread
  exact::Plan plan_;
  std::int64_t scratch_floats_ = 0;
  std::vector<AlignedArray<float>> scratch_;  // by thread
  std::vector<AlignedArray<float>> image_arenas_;
  AlignedArray<float> batch_arena_;
  Barrier barrier_;
  std::atomic<int> alone_ = 0;  // threads that have run their own images
};

class ExactBackend final : public Backend {
 public:
  [[nodiscard]] std::string_view name() const override { return "exact"; }
  [[nodiscard]] std::string_view description() const override {
    return "packed, fused, vectorised, threaded kernels in binary32";
  }
  [[nodiscard]] std::string_view promise() const override {
    return "equals reference bit for bit, always";
  }
  [[nodiscard]] std::vector<Isa> isas() const override {
    std::vector<Isa> isas;
    for (const exact::BuiltKernels& built : exact::built_kernels()) {
      isas.push_back({std::string(built.isa), built.present});
    }
    return isas;
  }
  [[nodiscard]] std::unique_ptr<Executable> compile(const Graph& graph,
                                                    const ParameterSource& parameters,
                                                    const CompileOptions& options) const override {
    const std::string isa = resolve_isa(*this, options.isa);
    const auto kernels = exact::built_kernels();
    const auto found = std::find_if(kernels.begin(), kernels.end(),
                                    [&](const auto& built) { return built.isa == isa; });
    return std::make_unique<ExactExecutable>(graph, parameters, *found->table, options);
  }
};

}  // namespace

const Backend& exact_backend() {
  static const ExactBackend backend;
  return backend;
}

}  // namespace apatite::engine
