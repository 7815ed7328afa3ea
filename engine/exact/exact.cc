#include "engine/exact/exact.h"

#include <omp.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "engine/exact/kernels.h"
#include "engine/exact/plan.h"
#include "engine/fp_environment.h"
#include "engine/reference/reference.h"
#include "engine/threads.h"

namespace apatite {
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
        threads_(resolve_threads(options.threads)) {
    const FpEnvironment environment;
    plan_ = exact::make_plan(graph_, source, kernels, outputs_, options.fuse, threads_);
    for (const auto& step : plan_.steps) {
      scratch_floats_ = std::max(scratch_floats_, step->scratch_floats());
    }
    for (int thread = 0; thread < threads_; ++thread) {
      scratch_.emplace_back(static_cast<std::size_t>(scratch_floats_));
    }
    image_arena_ = AlignedArray<float>(static_cast<std::size_t>(plan_.image_arena));
  }

  std::vector<Tensor> run(const Tensor& input) override {
    check_input(graph_, input);
    const std::int64_t batch = input.dims()[0];
    std::vector<Tensor> outputs;
    for (const NodeId id : outputs_) {
      outputs.push_back(Tensor::uninitialized(graph_.node(id).shape.with_batch(batch)));
    }
    const auto floats = static_cast<std::size_t>(plan_.batch_arena * batch);
    if (batch_arena_.size() < floats) batch_arena_ = AlignedArray<float>(floats);
    std::vector<exact::Status> status(static_cast<std::size_t>(threads_));
#pragma omp parallel num_threads(threads_)
    {
      const FpEnvironment environment;
      const int thread = omp_get_thread_num();
      RunContext context{.input = &input,
                         .outputs = outputs,
                         .thread = thread,
                         .threads = omp_get_num_threads(),
                         .scratch = scratch_[static_cast<std::size_t>(thread)].data(),
                         .status = &status[static_cast<std::size_t>(thread)]};
      run_steps(context, batch);
    }
    const bool finite = std::all_of(status.begin(), status.end(),
                                    [](const exact::Status& s) { return s.all_finite(); });
    if (!finite) explain_non_finite(input);
    return outputs;
  }

 private:
  // Called by every thread of the team.
  void run_steps(RunContext& context, std::int64_t batch) const {
    std::vector<exact::BufferMemory> buffers(plan_.buffers.size());
    context.buffers = buffers;
    context.images = 1;
    for (std::int64_t image = 0; image < batch; ++image) {
      locate_buffers(buffers, batch, image);
      context.first_image = image;
      for (std::size_t i = 0; i < plan_.cut; ++i) run_step(i, context);
    }
    locate_buffers(buffers, batch, 0);
    context.first_image = 0;
    context.images = batch;
    for (std::size_t i = plan_.cut; i < plan_.steps.size(); ++i) run_step(i, context);
  }

  void run_step(std::size_t index, const RunContext& context) const {
    plan_.steps[index]->run(context);
#pragma omp barrier
  }

  void locate_buffers(std::vector<exact::BufferMemory>& memory, std::int64_t batch,
                      std::int64_t image) const {
    for (std::size_t i = 0; i < memory.size(); ++i) {
      const exact::Buffer& buffer = plan_.buffers[i];
      if (buffer.whole_batch) {
        float* data = const_cast<float*>(batch_arena_.data());
        memory[i] = {data + buffer.offset * batch + image * buffer.floats, buffer.floats};
      } else {
        memory[i] = {const_cast<float*>(image_arena_.data()) + buffer.offset, 0};
      }
    }
  }

  // The reference names the first node that is not finite: it computes the same bits.
  [[noreturn]] void explain_non_finite(const Tensor& input) const {
    reference_backend()
        .compile(graph_, source_, {.outputs = outputs_, .threads = threads_})
        ->run(input);
    throw Error(ErrorKind::kInternal, "exact", "a non-finite value arose that reference lacks");
  }

  Graph graph_;
  const ParameterSource& source_;
  std::vector<NodeId> outputs_;
  int threads_;
  exact::Plan plan_;
  std::int64_t scratch_floats_ = 0;
  std::vector<AlignedArray<float>> scratch_;  // by thread
  AlignedArray<float> image_arena_;
  AlignedArray<float> batch_arena_;
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

}  // namespace apatite
