// Every backend, every instruction set, every case: the bits of the reference where bits are
// promised, a derived bound elsewhere.
#include <gtest/gtest.h>

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "engine/backends.h"
#include "engine/graph/operations.h"
#include "tests/conformance/cases.h"
#include "tests/support/backends.h"
#include "tests/support/compare.h"
#include "tests/support/error_bound.h"
#include "tests/support/host_program.h"
#include "tests/support/random_parameters.h"
#include "tests/support/sanitized.h"

namespace apatite {
namespace {

constexpr std::int64_t kBatch = 3;

// What a backend is held to. One that is not listed here fails the test: say what it promises.
enum class Promise { kBits, kBound, kBinary64 };
const std::map<std::string, Promise, std::less<>> kPromises{{"exact", Promise::kBits},
                                                            {"cuda-exact", Promise::kBits},
                                                            {"cuda", Promise::kBound},
                                                            {"reference", Promise::kBits},
                                                            {"reference64", Promise::kBinary64}};

std::vector<engine::NodeId> all_nodes(const engine::Graph& graph) {
  std::vector<engine::NodeId> ids(graph.nodes().size());
  for (engine::NodeId id = 0; id < ids.size(); ++id) ids[id] = id;
  return ids;
}

std::span<const float> image_of(const engine::Tensor& batch, std::int64_t image) {
  const std::size_t size = batch.size() / static_cast<std::size_t>(batch.dims()[0]);
  return batch.values().subspan(static_cast<std::size_t>(image) * size, size);
}

engine::Tensor one_image(const engine::Tensor& batch, std::int64_t image) {
  engine::Dims dims = batch.dims();
  dims[0] = 1;
  return engine::Tensor(dims, image_of(batch, image));
}

// The classes whose scores the gradients are of, by image.
constexpr std::int64_t kTargets[kBatch] = {1, engine::kPredicted, 2};

enum class Pass { kForward, kBackward };

engine::Graph graph_of(const std::string& line, Pass pass) {
  engine::Graph graph = graph_from_text(line);
  return pass == Pass::kForward ? graph : with_gradients(graph).graph;
}

// A case with a backend's value of every node: mostly the reference's.
struct Oracle {
  Oracle(const std::string& line, Values values, Pass pass = Pass::kForward,
         const engine::Backend& backend = engine::find_backend("reference"))
      : graph(graph_of(line, pass)),
        targets(pass == Pass::kForward ? std::span<const std::int64_t>() : kTargets),
        source(graph, RandomParameters(name_hash(line), values)),
        input(random_images(graph.node(0).shape, kBatch, name_hash(line) + 1, values)),
        nodes(backend.compile(graph, source, {.outputs = all_nodes(graph), .threads = 1})
                  ->run(input, targets)) {}

  engine::Graph graph;
  std::span<const std::int64_t> targets;  // none of a graph without gradients
  LoadedParameters source;
  engine::Tensor input;
  std::vector<engine::Tensor> nodes;
};

// Empty if every output of one run has the oracle's bits, else the first that has not.
// `results` start with the oracle's image `first_image`.
std::string difference(const Oracle& oracle, const std::vector<engine::NodeId>& outputs,
                       const std::vector<engine::Tensor>& results, std::int64_t first_image) {
  if (results.size() != outputs.size()) return "wrong number of outputs";
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const engine::Node& node = oracle.graph.node(outputs[i]);
    const std::int64_t batch = results[i].dims().at(0);
    if (results[i].dims() != node.shape.with_batch(batch)) return node.name + ": wrong dims";
    for (std::int64_t image = 0; image < batch; ++image) {
      const std::string bits = bit_difference(
          image_of(oracle.nodes[outputs[i]], first_image + image), image_of(results[i], image));
      if (bits.empty()) continue;
      return "node " + node.name + ", image " + to_text(image) + " of a batch of " +
             to_text(batch) + ": " + bits;
    }
  }
  return {};
}

// Runs the case as a batch and one of its images alone.
std::string difference(const Oracle& oracle, const engine::Backend& backend,
                       const engine::CompileOptions& options) {
  const auto outputs = engine::resolve_outputs(oracle.graph, options);
  const auto executable = backend.compile(oracle.graph, oracle.source, options);
  const std::string batch =
      difference(oracle, outputs, executable->run(oracle.input, oracle.targets), 0);
  if (!batch.empty()) return batch;
  const auto target = oracle.targets.empty() ? oracle.targets : oracle.targets.subspan(1, 1);
  return difference(oracle, outputs, executable->run(one_image(oracle.input, 1), target), 1);
}

// Fused and not, the output alone, all nodes tapped and each inner node alone, 1 to 3 threads.
std::vector<engine::CompileOptions> ways_to_run(const engine::Graph& graph, const std::string& isa,
                                                bool with_threads, bool each_alone) {
  std::vector<engine::CompileOptions> ways{
      {.threads = 1, .isa = isa, .fuse = true},
      {.threads = 1, .isa = isa, .fuse = false},
      {.outputs = all_nodes(graph), .threads = 2, .isa = isa, .fuse = true},
      {.outputs = all_nodes(graph), .threads = 3, .isa = isa, .fuse = false},
  };
  if (with_threads) {
    ways.push_back({.threads = 2, .isa = isa, .fuse = true});
    ways.push_back({.threads = 3, .isa = isa, .fuse = true});
  }
  for (engine::NodeId id = 1; each_alone && id < graph.nodes().size(); ++id) {
    if (id == graph.output()) continue;
    ways.push_back({.outputs = {id, graph.output()}, .threads = 1, .isa = isa, .fuse = true});
  }
  return ways;
}

// One instruction set of one backend, and the reason why it cannot run here (empty: it can).
struct Target {
  const engine::Backend* backend;
  std::string isa;
  std::string unavailable_reason{};
};

void PrintTo(const Target& target, std::ostream* stream) {
  *stream << target.backend->name() << ' ' << target.isa;
}

// All that are built in: those that cannot run here are reported as skipped.
std::vector<Target> targets_that_promise(Promise promise) {
  std::vector<Target> targets;
  for (const engine::Backend* backend : built_in_backends()) {
    if (kPromises.at(std::string(backend->name())) != promise) continue;
    const std::string reason = backend->unavailable_reason();
    for (const engine::Isa& isa : backend->isas()) {
      targets.push_back({backend, isa.name,
                         reason.empty() && !isa.present ? "this CPU has no " + isa.name : reason});
    }
  }
  return targets;
}

std::vector<Target> exact_targets() {
  std::vector<Target> targets = targets_that_promise(Promise::kBits);
  targets.push_back({&host_program_backend(), "any", {}});
  return targets;
}

std::string name_of(const ::testing::TestParamInfo<Target>& test) {
  return std::to_string(test.index) + "_" + test_name(*test.param.backend) + "_" + test.param.isa;
}

// A test of one target, which is skipped, by name, where the target cannot run.
class EachTarget : public ::testing::TestWithParam<Target> {
 protected:
  void SetUp() override {
    const Target& target = GetParam();
    if (target.unavailable_reason.empty()) return;
    GTEST_SKIP() << target.backend->name() << ' ' << target.isa
                 << " cannot run here: " << target.unavailable_reason;
  }
};

using ExactBackend = EachTarget;  // promises the bits of the reference
using FastBackend = EachTarget;   // promises to stay within the derived bounds

// The first difference among all ways to run one case.
std::string first_difference(const std::string& line, Values values, Pass pass,
                             const Target& target) {
  const Oracle oracle(line, values, pass);
  // What is fused depends neither on the values nor on the instruction set, and the reference fuses
  // nothing: scalar code is slow, and so is every code that a sanitizer watches.
  const bool with_threads = target.backend != &host_program_backend();
  const bool each_alone = (pass == Pass::kForward && with_threads) ||
                          (values == Values::kSpiced && target.isa != "scalar" && !kSanitized);
  for (const engine::CompileOptions& options :
       ways_to_run(oracle.graph, target.isa, with_threads, each_alone)) {
    const std::string found = difference(oracle, *target.backend, options);
    if (found.empty()) continue;
    return "APATITE_CASE='" + line + "'\n  values " + std::to_string(static_cast<int>(values)) +
           ", threads " + std::to_string(options.threads) + ", fuse " +
           std::to_string(options.fuse) + ", outputs " + std::to_string(options.outputs.size()) +
           "\n  " + found;
  }
  return {};
}

TEST_P(ExactBackend, HasTheBitsOfTheReferenceOnEveryCase) {
  int cases = 0;
  for (const std::string& line : conformance_cases()) {
    for (const Values values : {Values::kSpiced, Values::kTiny}) {
      const std::string found = first_difference(line, values, Pass::kForward, GetParam());
      EXPECT_TRUE(found.empty()) << found;
      ++cases;
    }
  }
  EXPECT_GT(cases, 0) << conformance_file() << " holds no case";
}

// Small integers tie in most windows of a pool and at the ReLU's zero.
TEST_P(ExactBackend, HasTheBitsOfTheReferenceInEveryGradient) {
  int cases = 0;
  for (const std::string& line : conformance_cases()) {
    for (const Values values : {Values::kSpiced, Values::kTiny, Values::kIntegers}) {
      const std::string found = first_difference(line, values, Pass::kBackward, GetParam());
      EXPECT_TRUE(found.empty()) << found;
      ++cases;
    }
  }
  EXPECT_GT(cases, 0) << conformance_file() << " holds no case";
}

INSTANTIATE_TEST_SUITE_P(All, ExactBackend, ::testing::ValuesIn(exact_targets()), name_of);

TEST(Conformance, EveryBackendHasAPromiseAndTheListIsLong) {
  for (const engine::Backend* backend : engine::backends()) {
    EXPECT_TRUE(kPromises.contains(backend->name())) << backend->name();
  }
  // Scalar code runs on every machine, and so do the reference and the GPU's program on the CPU.
  std::map<std::string_view, int> present;
  for (const Target& target : exact_targets()) {
    present[target.backend->name()] += target.unavailable_reason.empty() ? 1 : 0;
  }
  for (const char* name : {"exact", "reference", "cuda-on-cpu"})
    EXPECT_GE(present[name], 1) << name;
  EXPECT_GE(read_lines(conformance_file()).size(), 100U);
}

TEST(Conformance, EveryOperationHasACase) {
  std::map<std::string_view, int> cases;
  for (const std::string& line : read_lines(conformance_file())) {
    const engine::Graph graph = graph_of(line, Pass::kBackward);
    for (const engine::Node& node : graph.nodes()) ++cases[engine::op_name(node.op)];
  }
  EXPECT_EQ(cases.size(), std::variant_size_v<engine::Op>);
}

TEST(Conformance, NoTensorHoldsANegativeZero) {
  std::size_t zeros = 0;
  for (const std::string& line : conformance_cases()) {
    for (const Values values : {Values::kSpiced, Values::kTiny}) {
      const Oracle oracle(line, values, Pass::kBackward);
      for (engine::NodeId id = 0; id < oracle.nodes.size(); ++id) {
        for (const float x : oracle.nodes[id].values()) {
          if (x != 0) continue;
          ++zeros;
          ASSERT_FALSE(std::signbit(x)) << line << ", node " << oracle.graph.node(id).name;
        }
      }
    }
  }
  EXPECT_GT(zeros, 1000U);
}

std::vector<std::span<const float>> inputs_of(const Oracle& oracle, engine::NodeId id,
                                              std::int64_t image) {
  std::vector<std::span<const float>> inputs;
  for (const engine::NodeId input : oracle.graph.node(id).inputs) {
    inputs.push_back(image_of(oracle.nodes[input], image));
  }
  return inputs;
}

// Each node within its own bound of its value in binary64; the whole network within the sum of all
// bounds, each amplified by the nodes behind it.
TEST(Conformance, ReferenceLiesWithinTheDerivedBoundOfReference64) {
  for (const std::string& line : conformance_cases()) {
    for (const Values values : {Values::kNetwork, Values::kSpiced, Values::kTiny}) {
      const Oracle oracle(line, values);
      SCOPED_TRACE("APATITE_CASE='" + line + "' values " +
                   std::to_string(static_cast<int>(values)));
      const auto true_values = engine::find_backend("reference64")
                                   .compile(oracle.graph, oracle.source,
                                            {.outputs = all_nodes(oracle.graph), .threads = 1})
                                   ->run64(one_image(oracle.input, 0));
      const ErrorBound bounds(oracle.graph, oracle.source);
      std::vector<std::vector<double>> errors{
          std::vector<double>(static_cast<std::size_t>(oracle.graph.node(0).shape.size()), 0.0)};
      for (engine::NodeId id = 1; id < oracle.nodes.size(); ++id) {
        const auto local = bounds.local(id, inputs_of(oracle, id, 0));
        std::vector<std::vector<double>> input_errors;
        for (const engine::NodeId input : oracle.graph.node(id).inputs) {
          input_errors.push_back(errors[input]);
        }
        errors.push_back(bounds.amplified(id, input_errors));
        for (std::size_t i = 0; i < local.bound.size(); ++i) errors[id][i] += local.bound[i];
        const auto actual = image_of(oracle.nodes[id], 0);
        const std::string& name = oracle.graph.node(id).name;
        EXPECT_EQ(bound_violation(local.value, local.bound, actual), "") << name << " alone";
        EXPECT_EQ(bound_violation(true_values[id].values(), errors[id], actual), "") << name;
      }
      ASSERT_FALSE(HasFailure());
    }
  }
}

// Of the gradients each node alone: what a ReLU or a maximum lets pass may differ between the two.
TEST(Conformance, GradientsOfReferenceLieWithinTheirDerivedBounds) {
  for (const std::string& line : conformance_cases()) {
    for (const Values values : {Values::kNetwork, Values::kSpiced, Values::kTiny}) {
      const Oracle oracle(line, values, Pass::kBackward);
      const ErrorBound bounds(oracle.graph, oracle.source);
      for (engine::NodeId id = oracle.graph.output() + 2; id < oracle.nodes.size(); ++id) {
        const auto local = bounds.local(id, inputs_of(oracle, id, 1));
        EXPECT_EQ(bound_violation(local.value, local.bound, image_of(oracle.nodes[id], 1)), "")
            << "APATITE_CASE='" << line << "' values " << static_cast<int>(values) << ", node "
            << oracle.graph.node(id).name;
      }
      ASSERT_FALSE(HasFailure());
    }
  }
}

// Each node of a backend that promises no bits, forward and backward, within the bound of its own
// inputs, which holds for any order of its sums.
TEST_P(FastBackend, LiesWithinTheDerivedBounds) {
  for (const std::string& line : conformance_cases()) {
    for (const Values values : {Values::kNetwork, Values::kSpiced, Values::kTiny}) {
      const Oracle nodes(line, values, Pass::kBackward, *GetParam().backend);
      const ErrorBound bounds(nodes.graph, nodes.source);
      for (engine::NodeId id = 1; id < nodes.nodes.size(); ++id) {
        const engine::Op& op = nodes.graph.node(id).op;
        // (Which class is predicted does not depend on rounding.)
        if (std::holds_alternative<engine::ScoreGrad>(op)) continue;
        const auto local = bounds.local(id, inputs_of(nodes, id, 1));
        EXPECT_EQ(bound_violation(local.value, local.bound, image_of(nodes.nodes[id], 1)), "")
            << "APATITE_CASE='" << line << "' values " << static_cast<int>(values) << ", node "
            << nodes.graph.node(id).name;
      }
      ASSERT_FALSE(HasFailure());
    }
  }
}

// (A build without a GPU backend has none of them.)
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FastBackend);
INSTANTIATE_TEST_SUITE_P(All, FastBackend,
                         ::testing::ValuesIn(targets_that_promise(Promise::kBound)), name_of);

}  // namespace
}  // namespace apatite
