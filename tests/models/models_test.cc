#include "models/models.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "layers/differentiate.h"
#include "models/describe.h"
#include "models/family.h"

namespace apatite::models {
namespace {

// Of the published weights with 1,000 classes (torchvision's model cards) and, for CIFAR, of
// akamaster/pytorch_resnet_cifar10's with 10 (He et al. 2016, table 6, rounds them).
struct Published {
  const char* name;
  std::int64_t parameters;
};

class PublishedModel : public ::testing::TestWithParam<Published> {};

engine::Graph at_default_size(const std::string& name) {
  const ModelConfig config = default_config(name);
  const auto info = std::find_if(models().begin(), models().end(),
                                 [&](const ModelInfo& model) { return model.name == name; });
  return build_model(config, info->default_input.height, info->default_input.width);
}

TEST_P(PublishedModel, HasThePublishedNumberOfParameters) {
  const engine::Graph graph = at_default_size(GetParam().name);
  EXPECT_EQ(total_cost(graph).parameters, GetParam().parameters);
}

INSTANTIATE_TEST_SUITE_P(
    All, PublishedModel,
    ::testing::Values(Published{"resnet18", 11689512}, Published{"resnet34", 21797672},
                      Published{"resnet50", 25557032}, Published{"resnet101", 44549160},
                      Published{"resnet152", 60192808}, Published{"densenet121", 7978856},
                      Published{"densenet161", 28681000}, Published{"densenet169", 14149480},
                      Published{"densenet201", 20013928}, Published{"cifar_resnet20", 269722},
                      Published{"cifar_resnet32", 464154}, Published{"cifar_resnet44", 658586},
                      Published{"cifar_resnet56", 853018}, Published{"cifar_resnet110", 1727962}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Models, MultiplyAddsAreThePublishedOnes) {
  // torchvision's model cards: 7.801 and 4.291 GFLOPS.
  EXPECT_EQ(total_cost(at_default_size("resnet101")).multiply_adds / 1'000'000, 7801);
  EXPECT_EQ(total_cost(at_default_size("densenet201")).multiply_adds / 1'000'000, 4291);
}

// Families may share the names of their checkpoints; then the shapes tell them apart.
TEST(Families, RecogniseTheirOwnNetworksAndNoOthers) {
  std::size_t networks = 0;
  for (const ModelInfo& info : models()) {
    if (info.name == info.family) continue;
    const engine::Graph graph = at_default_size(info.name);
    NamedDims dims;
    for (const engine::Parameter& parameter : graph.parameters()) {
      dims.emplace(parameter.name, parameter.dims);
    }
    const Family& own = family_of(info.name);
    EXPECT_EQ(own.name, info.family);
    for (const Family* family : families()) {
      if (family->checkpoint_names != own.checkpoint_names) continue;
      const auto config = family->recognise(CheckpointTensors(dims, "f"));
      EXPECT_EQ(config.has_value(), family == &own) << info.name << " " << family->name;
      if (config) {
        EXPECT_EQ(config->architecture, own.name);
      }
    }
    ++networks;
  }
  EXPECT_EQ(networks, 14U);
}

// The message of the Error that `function` must throw.
template <class Function>
std::string refusal(ErrorKind kind, Function function) {
  try {
    function();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "accepted";
}

std::string build_refusal(const ModelConfig& config, std::int64_t height, std::int64_t width) {
  return refusal(ErrorKind::kUsage, [&] { build_model(config, height, width); });
}

std::vector<std::string> parameter_names(const engine::Graph& graph) {
  std::vector<std::string> names;
  for (const engine::Parameter& parameter : graph.parameters()) names.push_back(parameter.name);
  return names;
}

engine::Shape shape_at(const engine::Graph& graph, std::string_view node) {
  return graph.node(graph.find(node)).shape;
}

TEST(Models, EveryPresetBuildsWithAnyHeadAndGreyImages) {
  int presets = 0;
  for (const ModelInfo& info : models()) {
    if (info.name == info.family) continue;  // a family needs its options
    ModelConfig config = default_config(info.name);
    config.classes = 1;
    config.input_channels = 1;
    const engine::Graph graph =
        build_model(config, info.default_input.height, info.default_input.width);
    EXPECT_EQ(graph.node(graph.output()).shape, (engine::Shape{1, 1, 1})) << info.name;
    EXPECT_EQ(graph.node(graph.input()).shape.channels, 1) << info.name;
    EXPECT_FALSE(info.description.empty());
    ++presets;
  }
  EXPECT_EQ(presets, 14);
}

TEST(Models, ResNetHasTorchvisionsNames) {
  const engine::Graph graph = build_model({.architecture = "resnet50"}, 224, 224);
  const std::vector<std::string> names = parameter_names(graph);
  EXPECT_EQ(names[0], "conv1.weight");
  EXPECT_EQ(std::vector<std::string>(names.begin() + 1, names.begin() + 6),
            (std::vector<std::string>{"bn1.weight", "bn1.bias", "bn1.running_mean",
                                      "bn1.running_var", "layer1.0.conv1.weight"}));
  EXPECT_EQ(names.back(), "fc.bias");
  const auto has = [&](const char* name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  EXPECT_TRUE(has("layer1.0.downsample.0.weight"));
  EXPECT_TRUE(has("layer1.0.downsample.1.running_var"));
  EXPECT_TRUE(has("layer4.2.bn3.running_var"));
  EXPECT_FALSE(has("layer1.1.downsample.0.weight"));
}

TEST(Models, NodesHaveTheNamesThatUsersTap) {
  const engine::Graph resnet = build_model({.architecture = "resnet101"}, 224, 224);
  EXPECT_EQ(shape_at(resnet, "relu"), (engine::Shape{64, 112, 112}));
  EXPECT_EQ(shape_at(resnet, "maxpool"), (engine::Shape{64, 56, 56}));
  EXPECT_EQ(shape_at(resnet, "layer3.22.relu2"), (engine::Shape{256, 14, 14}));
  EXPECT_EQ(shape_at(resnet, "layer4.2.conv3"), (engine::Shape{2048, 7, 7}));
  EXPECT_EQ(shape_at(resnet, "layer4.2.add"), (engine::Shape{2048, 7, 7}));
  EXPECT_EQ(shape_at(resnet, "layer4.2.relu"), (engine::Shape{2048, 7, 7}));
  EXPECT_EQ(shape_at(resnet, "avgpool"), (engine::Shape{2048, 1, 1}));
  const engine::Graph densenet = build_model({.architecture = "densenet201"}, 224, 224);
  EXPECT_EQ(shape_at(densenet, "features.denseblock1.denselayer6.concat"),
            (engine::Shape{256, 56, 56}));
  EXPECT_EQ(shape_at(densenet, "features.transition3.pool"), (engine::Shape{896, 7, 7}));
  EXPECT_EQ(shape_at(densenet, "features.norm5"), (engine::Shape{1920, 7, 7}));
  EXPECT_EQ(shape_at(densenet, "features.relu5"), (engine::Shape{1920, 7, 7}));
}

// He et al. 2016 put the stride into the first 1x1 convolution, torchvision into the 3x3.
TEST(Models, TheStrideLiesWhereTheOptionSays) {
  const engine::Graph later = build_model({.architecture = "resnet50"}, 224, 224);
  EXPECT_EQ(shape_at(later, "layer2.0.conv1"), (engine::Shape{128, 56, 56}));
  EXPECT_EQ(shape_at(later, "layer2.0.conv2"), (engine::Shape{128, 28, 28}));
  const engine::Graph first =
      build_model({.architecture = "resnet50", .options = {{"stride_in_1x1", true}}}, 224, 224);
  EXPECT_EQ(shape_at(first, "layer2.0.conv1"), (engine::Shape{128, 28, 28}));
  EXPECT_EQ(shape_at(first, "layer2.0.conv2"), (engine::Shape{128, 28, 28}));
  EXPECT_EQ(total_cost(first).parameters, total_cost(later).parameters);
  EXPECT_LT(total_cost(first).multiply_adds, total_cost(later).multiply_adds);
}

// Huang et al. 2017, table 2: DenseNet-BC, L = 100, k = 12 has 0.8M parameters.
TEST(Models, DenseNetBcOfThePaperHasItsParameters) {
  const ModelConfig config{
      .architecture = "densenet",
      .classes = 10,
      .options = {{"growth", 12}, {"blocks", {16, 16, 16}}, {"stem", "cifar"}}};
  const engine::Graph graph = build_model(config, 32, 32);
  EXPECT_EQ(total_cost(graph).parameters, 769162);
  EXPECT_EQ(shape_at(graph, "features.norm5"), (engine::Shape{342, 8, 8}));
}

TEST(Models, AnInputTooSmallIsRefusedWithTheLayerAndTheSmallestThatFits) {
  EXPECT_EQ(build_refusal({.architecture = "densenet121"}, 20, 224),
            "densenet121: an input of 20x224 is too small: features.transition3.pool: its window "
            "reaches over 2 pixels, but the height here is 1, padded 1; use a larger input or a "
            "smaller kernel; the smallest that fits is 29x29");
  EXPECT_NO_THROW(build_model({.architecture = "densenet121"}, 29, 29));
  EXPECT_NO_THROW(build_model({.architecture = "resnet101"}, 1, 1));
  EXPECT_EQ(build_refusal({.architecture = "resnet18"}, 0, 224),
            "resnet18: the input's height is 0; use 1 to 65536");
}

TEST(Models, ConfigurationsOutOfRangeAreRefused) {
  EXPECT_EQ(build_refusal({.architecture = "resnet11"}, 224, 224),
            "resnet11: is not an architecture that apatite knows; nearest: resnet101, resnet18, "
            "resnet");
  EXPECT_EQ(build_refusal({.architecture = "resnet18", .classes = 0}, 224, 224),
            "resnet18: the number of classes is 0; use 1 to 1000000");
  EXPECT_EQ(build_refusal({.architecture = "resnet18", .input_channels = -1}, 224, 224),
            "resnet18: the number of input channels is -1; use 1 to 65536");
  EXPECT_EQ(build_refusal({.architecture = "resnet18", .options = {{"layers", {1, 1}}}}, 224, 224),
            "resnet18: fixes the option \"layers\"; leave it out, or use the architecture "
            "\"resnet\"");
  EXPECT_EQ(build_refusal({.architecture = "resnet50", .options = {{"stride_1x1", true}}}, 9, 9),
            "resnet50 options: does not know the field \"stride_1x1\"; nearest known: "
            "stride_in_1x1, width, layers");
  EXPECT_EQ(build_refusal({.architecture = "resnet18", .options = {{"stride_in_1x1", true}}}, 9, 9),
            "resnet18 options: asks for \"stride_in_1x1\" of basic blocks; they have no 1x1 to "
            "stride in");
  EXPECT_EQ(build_refusal({.architecture = "densenet", .options = {{"growth", 8}}}, 32, 32),
            "densenet options: lacks the field \"blocks\"; add it");
  EXPECT_EQ(build_refusal({.architecture = "densenet",
                           .options = {{"growth", 8}, {"blocks", {2}}, {"compression", 1.5}}},
                          32, 32),
            "densenet options: \"compression\" is 1.5; it lies above 0, up to 1");
  // 2 channels of which a transition would keep none.
  EXPECT_NE(build_refusal({.architecture = "densenet",
                           .options = {{"growth", 1}, {"blocks", {1, 1}}, {"compression", 0.1}}},
                          64, 64)
                .find("features.transition1.conv: has 0 output channels"),
            std::string::npos);
  EXPECT_NE(build_refusal(
                {.architecture = "resnet", .options = {{"block", "basic"}, {"layers", {500, 500}}}},
                32, 32)
                .find("2 stages of 1000 layers"),
            std::string::npos);
}

TEST(ModelConfig, TravelsThroughJson) {
  const ModelConfig config{.architecture = "densenet",
                           .classes = 2,
                           .input_channels = 1,
                           .options = {{"growth", 12}, {"blocks", {4, 4}}}};
  EXPECT_EQ(model_config_from_json(to_json(config), "test"), config);
  const ModelConfig least = model_config_from_json({{"architecture", "resnet18"}}, "test");
  EXPECT_EQ(least, ModelConfig{.architecture = "resnet18"});
}

TEST(ModelConfig, JsonIsReadStrictly) {
  const auto read = [](const Json& json) {
    return refusal(ErrorKind::kBadFile, [&] { model_config_from_json(json, "w.safetensors"); });
  };
  EXPECT_EQ(read(Json::array()), "w.safetensors: is []; it must be a JSON object");
  EXPECT_EQ(read({{"classes", 2}}), "w.safetensors: lacks the field \"architecture\"; add it");
  EXPECT_EQ(read({{"architecture", "resnet18"}, {"clases", 2}}),
            "w.safetensors: does not know the field \"clases\"; nearest known: classes, options, "
            "architecture");
  EXPECT_NE(read({{"architecture", "resnet18"}, {"classes", "2"}}).find("\"classes\" has \"2\""),
            std::string::npos);
  EXPECT_NE(read({{"architecture", "resnet18"}, {"classes", 2.0}}).find("takes integers"),
            std::string::npos);
  EXPECT_NE(read({{"architecture", "resnet18"}, {"classes", 1e18}}), "accepted");
  EXPECT_NE(read({{"architecture", "resnet18"}, {"classes", 18446744073709551615U}}), "accepted");
  EXPECT_NE(read({{"architecture", "resnet18"}, {"options", 7}}), "accepted");
  EXPECT_NE(read({{"architecture", "vgg16"}}).find("is not an architecture"), std::string::npos);
  EXPECT_NE(read({{"architecture", 18}}).find("must be a string"), std::string::npos);
}

std::vector<std::string> tap_names(const engine::Graph& graph) {
  std::vector<std::string> names;
  for (const engine::NodeId id : candidate_taps(graph)) names.push_back(graph.node(id).name);
  return names;
}

TEST(Describe, CandidateTapsAreTheEndsOfTheStages) {
  EXPECT_EQ(tap_names(build_model({.architecture = "resnet50"}, 224, 224)),
            (std::vector<std::string>{"relu", "layer1.2.relu", "layer2.3.relu", "layer3.5.relu",
                                      "layer4.2.relu"}));
  EXPECT_EQ(tap_names(build_model({.architecture = "densenet121"}, 224, 224)),
            (std::vector<std::string>{"features.relu0", "features.transition1.conv",
                                      "features.transition2.conv", "features.transition3.conv",
                                      "features.relu5"}));
}

TEST(Describe, PrintsEveryNodeTheTotalsAndTheTaps) {
  const ModelConfig config{.architecture = "cifar_resnet",
                           .classes = 2,
                           .input_channels = 1,
                           .options = {{"blocks_per_stage", 1}, {"width", 4}}};
  const engine::Graph graph = build_model(config, 9, 8);
  const std::string text = describe(graph);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'),
            static_cast<std::ptrdiff_t>(graph.nodes().size()) + 3);
  EXPECT_TRUE(text.starts_with(
      "node               op                               shape   parameters  multiply-adds\n"
      "input              input                            1x9x8\n"
      "conv1              conv2d 3x3 padding 1             4x9x8           36          2,592\n"
      "bn1                batch_norm                       4x9x8            8\n"))
      << text;
  EXPECT_NE(text.find("layer2.0.conv1     conv2d 3x3 stride 2x2 padding 1  8x5x4"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("candidate taps: layer1.0.relu, layer2.0.relu, layer3.0.relu\n"),
            std::string::npos)
      << text;
}

// A layer's parameters count once, the gradient's multiply-adds as those of the layer; the taps are
// the network's.
TEST(Describe, CountsTheGradientsOfADifferentiatedNetwork) {
  const engine::Graph network = build_model({.architecture = "resnet18", .classes = 2}, 64, 48);
  const std::vector<engine::NodeId> input{network.input()};
  const engine::Graph both = layers::differentiate(network, input).graph;
  EXPECT_EQ(total_cost(both).parameters, total_cost(network).parameters);
  EXPECT_EQ(total_cost(both).multiply_adds, 2 * total_cost(network).multiply_adds);
  EXPECT_EQ(tap_names(both), tap_names(network));
  EXPECT_NE(describe(both).find("conv2d_input_grad 7x7 stride 2x2 padding 3"), std::string::npos);
}

}  // namespace
}  // namespace apatite::models
