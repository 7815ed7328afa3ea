// Writes convolutions for a comparison with other programs (docs/independent-check.md): input,
// weight, and the results of `reference` and of `exact` with every instruction set that is present.
//
//   dump_convolutions FOLDER
//
// The cases: every convolution shape of ResNet-101 and DenseNet-201 at 224x224, with seeded weights
// and the values that the network really has there, and single convolutions with all other
// attributes. cases.json lists them; case N is N.x.npy, N.weight.npy, [N.bias.npy,]
// N.reference.npy, N.exact-ISA.npy.
#include <cmath>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "bench/conv_shapes.h"
#include "engine/exact/exact.h"
#include "engine/reference/reference.h"
#include "image/codec/npy.h"
#include "layers/conv2d.h"
#include "models/models.h"
#include "weights/init.h"
#include "weights/self_test.h"

namespace apatite {
namespace {

constexpr std::int64_t kImageSize = 224;
constexpr std::uint64_t kSeed = 1;

// Odd sizes, channels that fill no vector, and each attribute at least once with others.
struct Single {
  engine::Shape in;
  engine::Conv2d op;
  int exponent = 0;  // image and weights are multiplied by 2^exponent
};
const std::vector<Single>& singles() {
  static const std::vector<Single> kSingles = {
      {{1, 1, 1}, {.out_channels = 1}},
      {{17, 5, 3}, {.out_channels = 19}},
      {{5, 9, 11}, {.out_channels = 7, .kernel = {3, 3}}},
      {{33, 13, 10}, {.out_channels = 18, .kernel = {3, 3}, .padding = engine::Padding::same(1)}},
      {{16, 14, 15},
       {.out_channels = 33,
        .kernel = {3, 3},
        .stride = {2, 2},
        .padding = engine::Padding::same(1)}},
      {{3, 35, 37},
       {.out_channels = 20,
        .kernel = {7, 7},
        .stride = {2, 2},
        .padding = engine::Padding::same(3)}},
      {{20, 11, 13}, {.out_channels = 24, .kernel = {5, 5}, .padding = engine::Padding::same(2)}},
      {{12, 12, 17}, {.out_channels = 16, .kernel = {1, 7}, .padding = {0, 3, 0, 3}}},
      {{12, 17, 12}, {.out_channels = 16, .kernel = {7, 1}, .padding = {3, 0, 3, 0}}},
      {{9, 16, 9}, {.out_channels = 16, .kernel = {3, 2}, .stride = {1, 3}}},
      {{8, 10, 10}, {.out_channels = 16, .kernel = {3, 3}, .padding = {0, 1, 2, 3}}},
      {{8, 10, 10}, {.out_channels = 16, .kernel = {4, 4}, .padding = engine::Padding::same(5)}},
      {{8, 19, 18}, {.out_channels = 16, .kernel = {3, 3}, .dilation = {2, 2}}},
      {{7, 19, 18},
       {.out_channels = 10,
        .kernel = {3, 3},
        .dilation = {1, 4},
        .padding = engine::Padding::same(4)}},
      {{24, 9, 9},
       {.out_channels = 36, .kernel = {3, 3}, .padding = engine::Padding::same(1), .groups = 3}},
      {{32, 12, 12},
       {.out_channels = 32,
        .kernel = {3, 3},
        .stride = {2, 2},
        .padding = engine::Padding::same(1),
        .groups = 32}},
      {{10, 8, 8}, {.out_channels = 30, .kernel = {3, 3}, .groups = 10, .bias = true}},
      {{40, 7, 7}, {.out_channels = 50, .bias = true}},
      {{2048, 7, 7}, {.out_channels = 16, .kernel = {3, 3}, .padding = engine::Padding::same(1)}},
      // Products around the smallest subnormal number: sums of the kind -0, if nobody prevents it.
      {{1, 9, 9}, {.out_channels = 40, .kernel = {3, 3}, .padding = engine::Padding::same(1)}, -75},
      {{6, 9, 9}, {.out_channels = 40}, -74},
  };
  return kSingles;
}

class Folder {
 public:
  explicit Folder(std::filesystem::path path) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
  }

  void begin_case(const ConvShape& shape, std::string_view network) {
    const auto extent = [](const engine::Extent& e) { return Json{e.height, e.width}; };
    const engine::Padding& padding = shape.op.padding;
    cases_.push_back({{"name", std::string(network) + "/" + to_text(shape)},
                      {"stride", extent(shape.op.stride)},
                      {"dilation", extent(shape.op.dilation)},
                      {"padding", {padding.top, padding.left, padding.bottom, padding.right}},
                      {"groups", shape.op.groups},
                      {"multiply_adds", shape.multiply_adds},
                      {"results", Json::array()}});
  }
  void write(std::string_view what, const engine::Tensor& tensor) const {
    const std::string number = std::to_string(cases_.size() - 1);
    image::write_npy(path_ / (number + "." + std::string(what) + ".npy"), tensor);
  }
  void write_result(const std::string& backend, const engine::Tensor& tensor) {
    cases_.back()["results"].push_back(backend);
    write(backend, tensor);
  }
  void finish() const { write_file(path_ / "cases.json", to_text(cases_)); }

 private:
  std::filesystem::path path_;
  Json cases_ = Json::array();
};

engine::Tensor scaled(engine::Tensor tensor, int exponent) {
  for (float& value : tensor.values()) value = std::ldexp(value, exponent);
  engine::canonicalize(tensor.values());
  return tensor;
}

class ScaledParameters : public engine::ParameterSource {
 public:
  explicit ScaledParameters(int exponent) : exponent_(exponent) {}
  [[nodiscard]] engine::Tensor load(const engine::Parameter& parameter) const override {
    return scaled(weights::seeded_tensor(parameter, kSeed), exponent_);
  }

 private:
  int exponent_;
};

// The values of `nodes`, by the name of who computed them.
std::map<std::string, std::vector<engine::Tensor>> compute(
    const engine::Graph& graph, const std::vector<engine::NodeId>& nodes,
    const engine::ParameterSource& parameters, const engine::Tensor& image) {
  std::map<std::string, std::vector<engine::Tensor>> values;
  values["reference"] =
      engine::reference_backend().compile(graph, parameters, {.outputs = nodes})->run(image);
  for (const engine::Isa& isa : engine::exact_backend().isas()) {
    if (!isa.present) continue;
    values["exact-" + isa.name] =
        engine::exact_backend()
            .compile(graph, parameters, {.outputs = nodes, .isa = isa.name})
            ->run(image);
  }
  return values;
}

void dump(const engine::Graph& graph, std::string_view name, int exponent, Folder& folder) {
  const ScaledParameters parameters(exponent);
  const engine::Tensor image =
      scaled(weights::self_test_input(graph.node(graph.input()).shape, kSeed), exponent);
  const std::vector<ConvShape> shapes = conv_shapes(graph);
  std::vector<engine::NodeId> nodes;  // input and result of each convolution
  for (const ConvShape& shape : shapes) {
    nodes.push_back(graph.node(shape.node).inputs[0]);
    nodes.push_back(shape.node);
  }
  const auto values = compute(graph, nodes, parameters, image);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    folder.begin_case(shapes[i], name);
    folder.write("x", values.at("reference")[2 * i]);
    const std::vector<engine::ParameterId>& tensors = graph.node(shapes[i].node).parameters;
    folder.write("weight", parameters.load(graph.parameters()[tensors[0]]));
    if (shapes[i].op.bias) folder.write("bias", parameters.load(graph.parameters()[tensors[1]]));
    for (const auto& [backend, results] : values) folder.write_result(backend, results[2 * i + 1]);
  }
}

engine::Graph graph_of(const Single& single) {
  engine::GraphBuilder builder(single.in);
  const engine::NodeId y = layers::conv2d(builder, "conv", 0, single.op);
  return std::move(builder).build(y);
}

void run(const std::filesystem::path& path) {
  Folder folder(path);
  for (const Single& single : singles()) dump(graph_of(single), "single", single.exponent, folder);
  for (const std::string_view network : {"resnet101", "densenet201"}) {
    dump(models::build_model(models::default_config(network), kImageSize, kImageSize), network, 0,
         folder);
  }
  folder.finish();
}

}  // namespace
}  // namespace apatite

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: dump_convolutions FOLDER\n";
    return 2;
  }
  try {
    apatite::run(argv[1]);
  } catch (const std::exception& error) {
    std::cerr << "dump_convolutions: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
