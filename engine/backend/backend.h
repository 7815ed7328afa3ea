// A backend: an object with a name that compiles a Graph into an Executable.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/graph/graph.h"
#include "engine/graph/score.h"
#include "engine/graph/tensor.h"

namespace apatite::engine {

struct CompileOptions {
  // The nodes whose values run() delivers, in this order; empty: the graph's output alone.
  // An output is never fused away.
  std::vector<NodeId> outputs{};
  // Threads of one run(); 0: as many as the process may use.
  int threads = 0;
  // One of Backend::isas(); empty: the best that is present.
  std::string isa{};
  // False keeps every node apart (a test of fusion, and a way to find a fault).
  bool fuse = true;
};

// A compiled network: packed weights, buffers, a plan. One run() at a time.
class Executable {
 public:
  Executable() = default;
  Executable(const Executable&) = delete;
  Executable& operator=(const Executable&) = delete;
  virtual ~Executable() = default;

  // input: N x C x H x W of the graph's input shape, any N >= 1. It need not be free of -0.
  // Returns one N x C x H x W tensor per output.
  // `targets` (engine/graph/score.h): of which class each image's score is, for a graph with
  // gradients; empty: of the predicted one, for all images. Throws Error: kUsage if the input has
  // another shape or `targets` does not fit (check_targets); kNumeric if the input holds a
  // non-finite value or one arises, with the name of the first node where it does.
  virtual std::vector<Tensor> run(const Tensor& input, std::span<const std::int64_t> targets) = 0;
  std::vector<Tensor> run(const Tensor& input) { return run(input, {}); }

  // The same in binary64. A float backend widens its results, which is exact.
  virtual std::vector<Tensor64> run64(const Tensor& input, std::span<const std::int64_t> targets);
  std::vector<Tensor64> run64(const Tensor& input) { return run64(input, {}); }
};

struct Isa {
  std::string name;     // "avx512", "avx2", "scalar", ...
  bool present = true;  // this CPU has it
};

class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual std::string_view description() const = 0;
  // The promise about its results, as `apatite backends` prints it.
  [[nodiscard]] virtual std::string_view promise() const = 0;
  // Empty if it can run here, else the reason why not.
  [[nodiscard]] virtual std::string unavailable_reason() const { return {}; }
  // Instruction sets that are built in, best first. At least one.
  [[nodiscard]] virtual std::vector<Isa> isas() const = 0;

  // Throws Error: kUnavailable for an instruction set that is not built in or not present, with the
  // names of those that are; kUsage for a wrong option; what the source throws.
  // `parameters` must outlive the executable.
  [[nodiscard]] virtual std::unique_ptr<Executable> compile(
      const Graph& graph, const ParameterSource& parameters,
      const CompileOptions& options) const = 0;
};

// Throws Error (kUnavailable) with the reason if `backend` cannot run on this machine.
void check_available(const Backend& backend);

// Throws Error (kUsage) unless `input` is a batch of `graph`'s input shape.
void check_input(const Graph& graph, const Tensor& input);

// Throws Error (kUsage) unless `targets` is empty or holds one class of `graph`'s score per image.
void check_targets(const Graph& graph, std::span<const std::int64_t> targets, std::int64_t batch);

// The error for a non-finite value at `index` (in one image) of `node` in image `image` of the
// batch.
Error non_finite_error(const Node& node, std::int64_t index, std::int64_t image);

// The outputs of `options`, or the graph's own where it names none. Throws Error (kUsage) on an id
// that is out of range.
std::vector<NodeId> resolve_outputs(const Graph& graph, const CompileOptions& options);

// Checks `requested` (empty: choose) against what the backend has; returns the name to use. Throws
// Error (kUnavailable).
std::string resolve_isa(const Backend& backend, std::string_view requested);

}  // namespace apatite::engine
