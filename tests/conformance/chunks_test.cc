// The chunks of the exact backend's steps: whoever computes them, and in whatever order.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "base/random.h"
#include "engine/backends.h"
#include "engine/exact/plan.h"
#include "engine/runtime/fp_environment.h"
#include "tests/conformance/cases.h"
#include "tests/support/compare.h"
#include "tests/support/random_parameters.h"
#include "tests/support/sanitized.h"

namespace apatite {
namespace {

using engine::exact::RunContext;
using engine::exact::Step;

constexpr std::int64_t kBatch = 2;

// Large enough that every kind of step has several chunks a part: tiles and panels (also of
// channels that fill no panel), a norm ahead of a convolution, pools, rows and blocks.
constexpr const char* kNetworks[] = {
    "input 3x72x66 | conv 24 kernel=7 stride=2 padding=3 | bn | relu | maxpool kernel=3 stride=2 "
    "padding=1 | mark a | bn | relu | conv 100 kernel=1 | bn | relu | conv 40 kernel=3 padding=1 | "
    "mark b | from a | conv 40 kernel=1 | add b | relu | avgpool kernel=2 stride=2",
    "input 16x40x37 | mark a | bn | relu | conv 128 kernel=1 | bn | relu | conv 32 kernel=3 "
    "padding=1 | concat a | bn | relu | conv 40 kernel=3 stride=2 padding=1 groups=2 | subsample "
    "stride=2 before=3 after=5",
};

// The reference takes long under a sanitizer: one network then.
std::span<const char* const> networks() { return std::span(kNetworks).subspan(kSanitized ? 1 : 0); }

// Runs the steps one after the other, the chunks of all parts of a step in a random order.
class ShuffledRun {
 public:
  ShuffledRun(const engine::exact::Plan& plan, const engine::Graph& graph,
              const std::vector<engine::NodeId>& outputs, const engine::Tensor& input)
      : plan_(plan), input_(input) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const engine::NodeId id : outputs) {
      outputs_.push_back(engine::Tensor::uninitialized(graph.node(id).shape.with_batch(kBatch)));
      std::fill_n(outputs_.back().data(), outputs_.back().size(), nan);
    }
    for (const engine::Buffer& buffer : plan.memory.buffers) {
      memory_.emplace_back(static_cast<std::size_t>(buffer.floats * kBatch));
      std::fill_n(memory_.back().data(), memory_.back().size(), nan);
      buffers_.push_back({memory_.back().data(), buffer.floats});
    }
  }

  // Returns the most chunks that a part of a step had.
  std::int64_t run(int parts, std::uint64_t seed) {
    const engine::FpEnvironment environment;
    std::int64_t most = 0;
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      const Step& step = *plan_.steps[i];
      std::vector<float> scratch(static_cast<std::size_t>(step.scratch_floats()));
      RunContext context{.input = &input_,
                         .outputs = outputs_,
                         .images = kBatch,
                         .buffers = buffers_,
                         .parts = parts,
                         .scratch = scratch.data(),
                         .status = &status_,
                         .next = i + 1 < plan_.steps.size() ? plan_.steps[i + 1].get() : nullptr};
      std::vector<std::pair<int, std::int64_t>> chunks;
      for (context.part = 0; context.part < parts; ++context.part) {
        const std::int64_t count = step.chunks(context);
        most = std::max(most, count);
        for (std::int64_t chunk = 0; chunk < count; ++chunk) {
          chunks.emplace_back(context.part, chunk);
        }
      }
      for (std::size_t k = chunks.size(); k > 1; --k) {
        std::swap(chunks[k - 1], chunks[random_bits(seed + i, k) % k]);
      }
      for (const auto& [part, chunk] : chunks) {
        context.part = part;
        std::fill(scratch.begin(), scratch.end(), std::numeric_limits<float>::quiet_NaN());
        step.run_chunk(context, chunk);
      }
    }
    return most;
  }

  [[nodiscard]] const std::vector<engine::Tensor>& outputs() const { return outputs_; }

 private:
  const engine::exact::Plan& plan_;
  const engine::Tensor& input_;
  std::vector<engine::Tensor> outputs_;
  std::vector<engine::AlignedArray<float>> memory_;
  std::vector<engine::exact::BufferMemory> buffers_;
  engine::exact::Status status_;
};

struct Network {
  explicit Network(const char* line)
      : graph(with_gradients(graph_from_text(line)).graph),
        source(graph, RandomParameters(name_hash(line), Values::kSpiced)),
        input(random_images(graph.node(0).shape, kBatch, name_hash(line) + 1, Values::kSpiced)) {
    for (engine::NodeId id = 0; id < graph.nodes().size(); ++id) all.push_back(id);
    nodes = engine::find_backend("reference")
                .compile(graph, source, {.outputs = all, .threads = 1})
                ->run(input, {});
  }

  // The first difference from the reference.
  [[nodiscard]] std::string difference(const std::vector<engine::NodeId>& outputs,
                                       const std::vector<engine::Tensor>& results) const {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const std::string found = bit_difference(nodes[outputs[i]].values(), results[i].values());
      if (!found.empty()) return "node " + graph.node(outputs[i]).name + ": " + found;
    }
    return {};
  }

  engine::Graph graph;
  LoadedParameters source;
  engine::Tensor input;
  std::vector<engine::NodeId> all;
  std::vector<engine::Tensor> nodes;
};

TEST(Chunks, HaveTheBitsOfTheReferenceInAnyOrder) {
  for (const char* line : networks()) {
    const Network network(line);
    for (const engine::exact::BuiltKernels& built : engine::exact::built_kernels()) {
      if (!built.present) continue;
      for (const bool fuse : {true, false}) {
        const std::vector<engine::NodeId> outputs =
            fuse ? std::vector<engine::NodeId>{network.graph.output()} : network.all;
        const engine::exact::Plan plan =
            engine::exact::make_plan(network.graph, network.source, *built.table, outputs, fuse, 1);
        for (const int parts : {1, 2, 3}) {
          if (kSanitized && parts != 3) continue;
          ShuffledRun run(plan, network.graph, outputs, network.input);
          EXPECT_GT(run.run(parts, static_cast<std::uint64_t>(parts)), 4) << "too few chunks";
          EXPECT_EQ(network.difference(outputs, run.outputs()), "")
              << built.isa << ", " << parts << " parts, fuse " << fuse << '\n'
              << line;
        }
      }
      if (kSanitized) break;  // one instruction set tells
    }
  }
}

// More threads than cores: some are stopped in the middle of a step, and others do their chunks.
TEST(Chunks, HaveTheBitsOfTheReferenceWhileThreadsHelpEachOther) {
  for (const char* line : networks()) {
    const Network network(line);
    for (const int threads : {2, 5}) {
      const std::vector<engine::NodeId> outputs{network.graph.output()};
      const auto executable = engine::find_backend("exact").compile(network.graph, network.source,
                                                                    {.threads = threads});
      for (int round = 0; round < (kSanitized ? 2 : 6); ++round) {
        ASSERT_EQ(network.difference(outputs, executable->run(network.input, {})), "")
            << threads << " threads\n"
            << line;
      }
    }
  }
}

}  // namespace
}  // namespace apatite
