#include "weights/check.h"

#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "engine/graph/contract.h"
#include "weights/self_test.h"
#include "weights/weights_file.h"

namespace apatite::weights {
namespace {

void check_values(const WeightsFile& file, const engine::Graph& graph, CheckReport& report) {
  for (const engine::Parameter& parameter : graph.parameters()) {
    const LoadedTensor loaded = file.load_with_report(parameter);
    report.tensors += 1;
    report.values += static_cast<std::int64_t>(loaded.values.size());
    report.negative_zeros += loaded.report.negative_zeros;
  }
}

// Throws unless `expected` can be compared with what this engine computes.
void check_contract(const SelfTest& expected, const std::string& where) {
  if (expected.contract == engine::kContractVersion) return;
  throw Error(ErrorKind::kBadFile, where,
              "its self-test was made by version " + to_text(std::int64_t{expected.contract}) +
                  " of the arithmetic, this apatite computes by version " +
                  to_text(std::int64_t{engine::kContractVersion}),
              "use an apatite of that version, or convert the weights again");
}

}  // namespace

CheckReport check_weights(const std::filesystem::path& path, const engine::Backend& backend,
                          const engine::CompileOptions& options) {
  const WeightsFile file(path);
  CheckReport report;
  report.file = file.where();
  report.sha256 = file.sha256();
  report.bytes = file.bytes().size();
  report.metadata = file.metadata();
  report.backend = backend.name();
  report.isa = engine::resolve_isa(backend, options.isa);

  const std::optional<SelfTest>& expected = report.metadata.self_test;
  if (expected) check_contract(*expected, file.where());
  const engine::Shape input = expected ? expected->input : default_input(report.metadata.model);
  const engine::Graph graph = file.graph(input.height, input.width);
  check_values(file, graph, report);
  report.self_test =
      make_self_test(graph, file, backend, options, expected ? expected->seed : kSelfTestSeed);
  if (expected && !report.self_test_agrees()) {
    throw Error(ErrorKind::kBadFile, file.where(),
                "the self-test fails: the logits hash to " + report.self_test.logits_sha256 +
                    " on backend " + report.backend + ", where the file says " +
                    expected->logits_sha256,
                "the file was changed after it was made, or this machine computes wrongly");
  }
  return report;
}

std::vector<std::string> CheckReport::lines() const {
  const models::ModelConfig& model = metadata.model;
  std::string source = "source      none";
  if (!metadata.source_name.empty()) {
    source = "source      " + metadata.source_name + ", sha256 " + metadata.source_sha256;
  }
  const std::string run =
      engine::to_text(self_test.input) + " on backend " + backend + " (" + isa + ")";
  return {
      "file        " + file + ", " + with_thousands(static_cast<std::int64_t>(bytes)) + " bytes",
      "sha256      " + sha256,
      "network     " + model.architecture + ", " + to_text(model.classes) + " logits, " +
          to_text(model.input_channels) + " input channels" +
          (model.options.empty() ? std::string() : ", options " + model.options.dump()),
      source,
      "tensors     " + with_thousands(tensors) + " tensors, each used once; " +
          with_thousands(values) + " values, all finite; " + with_thousands(negative_zeros) +
          " of them -0, read as +0",
      metadata.self_test
          ? "self-test   agrees: " + run + ", logits " + self_test.logits_sha256
          : "self-test   none in the file; here: " + run + ", logits " + self_test.logits_sha256,
  };
}

}  // namespace apatite::weights
