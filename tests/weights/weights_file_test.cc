#include "weights/weights_file.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <fstream>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "engine/backends.h"
#include "tests/support/mutations.h"
#include "tests/support/temporary_folder.h"
#include "tests/weights/safetensors/raw_safetensors.h"
#include "tests/weights/small_network.h"
#include "weights/check.h"

namespace apatite::weights {
namespace {

std::string message(const std::function<void()>& action, ErrorKind kind) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "accepted";
}

std::string open_refusal(const std::filesystem::path& path) {
  return message([&] { const WeightsFile file(path); }, ErrorKind::kBadFile);
}

const engine::Backend& reference() { return engine::find_backend("reference"); }

TEST(WeightsFile, ReadsWhatWasWritten) {
  const TemporaryFolder folder;
  write_small(folder / "w");
  write_small(folder / "again");
  const WeightsFile file(folder / "w");
  EXPECT_TRUE(file.metadata() == small_metadata());
  EXPECT_EQ(file.sha256(), sha256_file(folder / "w"));
  EXPECT_EQ(file.sha256(), sha256_file(folder / "again"));
  const NamedTensors expected = small_tensors();
  const engine::Graph graph = file.graph(6, 5);
  ASSERT_EQ(graph.parameters().size(), expected.size());
  for (const engine::Parameter& parameter : graph.parameters()) {
    const engine::Tensor tensor = file.load(parameter);
    EXPECT_EQ(tensor.dims(), parameter.dims);
    const engine::Tensor& other = expected.at(parameter.name);
    EXPECT_EQ(std::memcmp(tensor.data(), other.data(), other.values().size_bytes()), 0);
  }
}

TEST(WeightsFile, RefusesParametersOfAnotherNetwork) {
  const TemporaryFolder folder;
  write_small(folder / "w");
  const WeightsFile file(folder / "w");
  EXPECT_NE(message([&] { (void)file.load({"nothing", {1}}); }, ErrorKind::kUsage), "accepted");
  EXPECT_NE(message(
                [&] {
                  (void)file.load({"classifier.bias", {3}});
                },
                ErrorKind::kUsage),
            "accepted");
}

TEST(WeightsFile, RefusesTensorsThatDoNotFitTheNetwork) {
  const TemporaryFolder folder;
  const StringMap metadata = to_strings(small_metadata());
  NamedTensors tensors = small_tensors();
  tensors.erase("classifier.bias");
  tensors.insert_or_assign("features.norm5.weight", engine::Tensor(engine::Dims{7}));
  tensors.emplace("features.norm5.num_batches_tracked", engine::Tensor(engine::Dims{}));
  write_safetensors(folder / "w", tensors, metadata);
  EXPECT_EQ(open_refusal(folder / "w"),
            (folder / "w").string() +
                ": its tensors do not fit the network that it names: \"features.norm5.weight\" is "
                "7, not 6; missing \"classifier.bias\" (2); left over "
                "\"features.norm5.num_batches_tracked\" (scalar); write it again with `apatite "
                "convert` or `apatite init`");
}

TEST(WeightsFile, RefusesAnEmptyFileAFolderAndOtherFiles) {
  const TemporaryFolder folder;
  write_file(folder / "empty", "");
  EXPECT_EQ(open_refusal(folder / "empty"),
            (folder / "empty").string() +
                ": is empty; pass a safetensors file (`apatite convert` makes one from .pth, .pt "
                "or .th)");
  write_file(folder / "zip", "PK\x03\x04 and more than eight bytes");
  EXPECT_NE(open_refusal(folder / "zip").find("apatite convert"), std::string::npos);
  EXPECT_EQ(message([&] { const WeightsFile file(folder.path()); }, ErrorKind::kIo),
            folder.path().string() + ": is a directory; pass a file");
  write_safetensors(folder / "plain", small_tensors(), {{"format", "pt"}});
  EXPECT_NE(open_refusal(folder / "plain").find("lacks the metadata \"apatite.format\""),
            std::string::npos);
}

TEST(WeightsFile, RefusesANonFiniteValueWhenItIsLoaded) {
  const TemporaryFolder folder;
  NamedTensors tensors = small_tensors();
  tensors.at("classifier.bias").data()[1] = std::numeric_limits<float>::infinity();
  write_safetensors(folder / "w", tensors, to_strings(small_metadata()));
  const std::string expected =
      (folder / "w").string() +
      ": tensor \"classifier.bias\" is not finite: element 1 is inf in binary32; the training "
      "diverged, or the file is damaged";
  const WeightsFile file(folder / "w");
  EXPECT_EQ(
      message([&] { (void)reference().compile(file.graph(6, 5), file, {}); }, ErrorKind::kBadFile),
      expected);
  EXPECT_EQ(message([&] { check_weights(folder / "w", reference()); }, ErrorKind::kBadFile),
            expected);
}

TEST(WeightsFile, TheWriterLeavesNothingBehindWhenItRefuses) {
  const TemporaryFolder folder;
  const auto refused = [&](const NamedTensors& tensors) {
    return message([&] { write_weights(folder / "w", small_metadata(), tensors); },
                   ErrorKind::kUsage);
  };
  NamedTensors tensors = small_tensors();
  tensors.erase("classifier.bias");
  EXPECT_NE(refused(tensors).find("missing \"classifier.bias\" (2)"), std::string::npos);
  tensors = small_tensors();
  tensors.at("classifier.bias").data()[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(refused(tensors), (folder / "w").string() +
                                  ": tensor \"classifier.bias\" is not finite: element 0 is nan");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Check, ReportsAFileThatKeepsItsPromise) {
  const TemporaryFolder folder;
  write_small(folder / "w");
  const CheckReport report = check_weights(folder / "w", reference());
  EXPECT_TRUE(report.self_test_agrees());
  EXPECT_EQ(report.tensors, static_cast<std::int64_t>(small_tensors().size()));
  EXPECT_EQ(report.negative_zeros, 0);
  EXPECT_EQ(report.sha256, sha256_file(folder / "w"));
  EXPECT_EQ(report.lines().back(), "self-test   agrees: 1x6x5 on backend reference (" + report.isa +
                                       "), logits " + small_metadata().self_test->logits_sha256);
}

TEST(Check, SaysWhenTheFileHasNoSelfTest) {
  const TemporaryFolder folder;
  WeightsMetadata metadata = small_metadata();
  metadata.self_test.reset();
  write_weights(folder / "w", metadata, small_tensors());
  const CheckReport report = check_weights(folder / "w", reference());
  EXPECT_FALSE(report.self_test_agrees());
  EXPECT_TRUE(report.lines().back().starts_with("self-test   none in the file; here: 1x224x224"));
}

TEST(Check, RefusesAFileWhoseLogitsAreOthers) {
  const TemporaryFolder folder;
  NamedTensors tensors = small_tensors();
  tensors.at("classifier.bias").data()[0] += 0x1p-10F;
  write_weights(folder / "w", small_metadata(), tensors);
  const std::string what =
      message([&] { check_weights(folder / "w", reference()); }, ErrorKind::kBadFile);
  EXPECT_NE(what.find("the self-test fails: the logits hash to "), std::string::npos) << what;
  EXPECT_NE(what.find(small_metadata().self_test->logits_sha256), std::string::npos) << what;
}

TEST(Check, RefusesASelfTestOfAnotherContract) {
  const TemporaryFolder folder;
  WeightsMetadata metadata = small_metadata();
  metadata.self_test->contract = 999;
  write_weights(folder / "w", metadata, small_tensors());
  EXPECT_NE(message([&] { check_weights(folder / "w", reference()); }, ErrorKind::kBadFile)
                .find("its self-test was made by version 999 of the arithmetic"),
            std::string::npos);
}

TEST(Check, CountsNegativeZeros) {
  const TemporaryFolder folder;
  NamedTensors tensors = small_tensors();
  engine::Tensor& mean = tensors.at("features.norm5.running_mean");
  for (float& x : mean.values()) x = -0.0F;
  WeightsMetadata metadata = small_metadata();
  metadata.self_test.reset();
  write_weights(folder / "w", metadata, tensors);
  EXPECT_EQ(check_weights(folder / "w", reference()).negative_zeros,
            static_cast<std::int64_t>(mean.size()));
}

TEST(WeightsFile, EveryPrefixIsRefusedAndNoFlippedByteIsMisread) {
  const TemporaryFolder folder;
  write_small(folder / "valid");
  const std::string valid = read_file(folder / "valid", 100'000);
  const std::filesystem::path path = folder / "mutated";

  const Reader read = [&](const std::string& bytes) {
    std::filesystem::remove(path);  // neither truncating nor write_file(): both wait for the disk
    std::ofstream(path, std::ios::binary) << bytes;
    const WeightsFile file(path);
    std::string text;
    for (const auto& [key, value] : to_strings(file.metadata())) text += key + "=" + value + "\n";
    std::map<std::string, std::string> tensors;
    const engine::Graph graph = file.graph(6, 5);
    for (const engine::Parameter& parameter : graph.parameters()) {
      const engine::Tensor tensor = file.load(parameter);
      tensors[parameter.name] =
          std::string(reinterpret_cast<const char*>(tensor.data()), tensor.values().size_bytes());
    }
    std::string data;
    for (const auto& [name, values] : tensors) data += values;
    EXPECT_EQ(data, honest_data(bytes));
    return text + data;
  };
  const std::string honest = "read: " + read(valid);
  std::size_t refused = 0;
  std::size_t accepted = 0;
  for_each_mutation(valid, read, [&](const std::string& verdict, std::size_t at, bool prefix) {
    const bool is_refused = verdict.starts_with("refused: ");
    EXPECT_TRUE(is_refused || !prefix) << "a prefix of " << at << " bytes was read";
    EXPECT_NE(verdict, honest) << "the flipped byte " << at << " was not seen";
    (is_refused ? refused : accepted) += 1;
  });
  EXPECT_GT(refused, 2 * valid.size());
  EXPECT_GT(accepted, valid.size() / 8);
}

}  // namespace
}  // namespace apatite::weights
