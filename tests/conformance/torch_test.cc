// The meaning of every attribute, against torch: tests/goldens/conformance.json has torch's
// binary64 result of each case with small integers for weights and images.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "engine/backends.h"
#include "tests/conformance/cases.h"
#include "tests/support/checks.h"
#include "tests/support/random_parameters.h"
#include "tests/support/source_dir.h"

namespace apatite {
namespace {

Json goldens() {
  const std::string path = source_dir().string() + "/tests/goldens/conformance.json";
  return parse_json(read_file(path, 1 << 22), path);
}

engine::Tensor64 computed(const engine::Graph& graph, const std::string& line) {
  const RandomParameters source(name_hash(line), Values::kIntegers);
  const engine::Tensor image =
      random_images(graph.node(0).shape, 1, name_hash(line) + 1, Values::kIntegers);
  return engine::find_backend("reference64")
      .compile(graph, source, {.threads = 1})
      ->run64(image)[0];
}

TEST(Torch, GivesTheSameResultForEveryCase) {
  // Divisions and batch norms round in both: a few units of 2^-53 for each of up to 2,048 terms.
  constexpr double kTolerance = 1e-12;
  for (const Json& golden : goldens()) {
    const auto line = golden.at("case").get<std::string>();
    const engine::Graph graph = graph_from_text(line);
    const engine::Shape& shape = graph.node(graph.output()).shape;
    EXPECT_EQ(golden.at("shape"), Json({shape.channels, shape.height, shape.width})) << line;
    EXPECT_EQ(golden_difference(golden, computed(graph, line).values(), kTolerance), "") << line;
  }
}

TEST(Torch, HasAGoldenForEveryCaseInTheList) {
  std::vector<std::string> lines;
  for (const Json& golden : goldens()) lines.push_back(golden.at("case").get<std::string>());
  EXPECT_EQ(lines, read_lines(conformance_file()))
      << "cases.txt has changed: run tests/goldens/conformance.py";
}

// The sums see one wrong value and two swapped ones.
TEST(Torch, TheGoldensSumsSeePlantedErrors) {
  const std::vector<double> values{1, 2, 3, 4};
  // The weights of the first four places: -50, -9, 32, -28.
  const Json right{
      {"sum", 10.0}, {"weighted", -50.0 - 2 * 9 + 3 * 32 - 4 * 28}, {"absolute", 10.0}};
  EXPECT_EQ(golden_difference(right, values, 1e-12), "");
  EXPECT_NE(golden_difference(right, std::vector<double>{1, 2, 3, 4.001}, 1e-12), "");
  EXPECT_NE(golden_difference(right, std::vector<double>{2, 1, 3, 4}, 1e-12), "");
  EXPECT_NE(golden_difference(right, std::vector<double>{1, 2, 3, std::nan("")}, 1e-12), "");
}

}  // namespace
}  // namespace apatite
