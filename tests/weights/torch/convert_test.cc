#include "weights/conversion/convert.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "base/error.h"
#include "base/random.h"
#include "base/sha256.h"
#include "base/text.h"
#include "engine/graph/graph.h"
#include "goldens.h"
#include "image/recipe/recipe.h"
#include "image/recipe/recipe_presets.h"
#include "models/models.h"
#include "tests/support/mutations.h"
#include "tests/support/shared_data.h"
#include "tests/support/temporary_folder.h"
#include "tests/weights/torch/raw_pickle.h"
#include "weights/conversion/recognise.h"
#include "weights/metadata.h"

namespace apatite::weights {
namespace {

using torch::golden;
using torch::golden_expectations;
using torch::golden_path;

// As digest() of make_checkpoints.py.
std::string digest(const NamedTensors& tensors) {
  Sha256 sha;
  for (const auto& [name, tensor] : tensors) {
    sha.update(as_bytes(std::string_view(name)));
    sha.update(std::as_bytes(std::span("", 1)));
    sha.update(std::as_bytes(tensor.values()));
  }
  return sha.finish();
}

// A state dict under construction: what a test changes before it becomes a checkpoint.
struct RawState {
  struct Entry {
    std::string name;
    engine::Dims dims;
    std::vector<float> values;
  };
  std::vector<Entry> entries;

  // A network's tensors with random values.
  explicit RawState(const models::ModelConfig& config) {
    const engine::Graph graph = models::build_model(config, 64, 64);
    for (const engine::Parameter& parameter : graph.parameters()) {
      add(parameter.name, parameter.dims);
    }
  }
  void add(const std::string& name, const engine::Dims& dims) {
    std::vector<float> values(static_cast<std::size_t>(engine::element_count(dims)));
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = random_unit(random_stream(1, entries.size()), i) + 0.5F;
    }
    entries.push_back({name, dims, std::move(values)});
  }
  Entry& at(std::string_view name) { return *std::ranges::find(entries, name, &Entry::name); }
  void remove(std::string_view name) {
    std::erase_if(entries, [&](const Entry& entry) { return entry.name == name; });
  }
  [[nodiscard]] std::string file() const {
    std::vector<std::pair<std::string, std::string>> items;
    std::vector<std::string> storages;
    for (const Entry& entry : entries) {
      items.emplace_back(
          entry.name, torch::raw::tensor({.key = std::to_string(storages.size()),
                                          .count = static_cast<std::int64_t>(entry.values.size()),
                                          .dims = entry.dims,
                                          .strides = torch::raw::contiguous(entry.dims)}));
      storages.push_back(torch::raw::floats(entry.values));
    }
    return torch::raw::zip_checkpoint(torch::raw::dict(items), storages);
  }
};

models::ModelConfig tiny_densenet() {
  return {"densenet", 2, 3, {{"growth", 1}, {"blocks", {1}}, {"stem", "cifar"}}};
}
models::ModelConfig tiny_resnet(std::string_view block = "basic") {
  return {"resnet", 2, 3, {{"block", block}, {"layers", {1}}, {"width", 1}}};
}

Conversion convert_bytes(const std::string& bytes, const ConvertOptions& options = {}) {
  return convert(as_bytes(bytes), "f", options);
}

std::string refusal(const std::string& bytes, const ConvertOptions& options = {},
                    ErrorKind kind = ErrorKind::kBadFile) {
  try {
    convert_bytes(bytes, options);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "converted";
}
std::string usage(const std::string& bytes, const ConvertOptions& options) {
  return refusal(bytes, options, ErrorKind::kUsage);
}

// The result has exactly the parameters of its network.
void expect_complete(const Conversion& conversion) {
  const engine::Graph graph = models::build_model(conversion.model, 64, 64);
  ASSERT_EQ(conversion.tensors.size(), graph.parameters().size());
  for (const engine::Parameter& parameter : graph.parameters()) {
    const auto found = conversion.tensors.find(parameter.name);
    ASSERT_NE(found, conversion.tensors.end()) << parameter.name;
    EXPECT_EQ(found->second.dims(), parameter.dims) << parameter.name;
  }
}

TEST(Convert, GivesTorchsValuesForEveryCheckpoint) {
  const Json networks = golden_expectations()["networks"];
  ASSERT_GE(networks.size(), 13U);
  for (const auto& [file, expected] : networks.items()) {
    const Conversion conversion = convert(golden_path(file));
    expect_complete(conversion);
    EXPECT_EQ(digest(conversion.tensors), expected["sha256"]) << file;
    EXPECT_EQ(conversion.source_sha256, sha256_file(golden_path(file))) << file;
    EXPECT_EQ(conversion.class_names, default_class_names(conversion.model)) << file;
    EXPECT_EQ(conversion.report.format, golden(file).starts_with("PK") ? "zip" : "legacy");
  }
}

TEST(Convert, FindsTheWeightsOfATrainingRun) {
  const ConvertReport report = convert(golden_path("training.pth")).report;
  EXPECT_EQ(report.key, "state_dict");
  EXPECT_EQ(report.prefix, "module.");
  EXPECT_EQ(report.dropped_counters, 3);
  EXPECT_EQ(report.renamed.size(), 0U);
  EXPECT_EQ(report.tensors, 17);
  EXPECT_EQ(report.parameters, 142);
  EXPECT_EQ(report.lines(),
            (std::vector<std::string>{
                "read: zip format, state dict at key \"state_dict\"",
                "recognised: densenet {\"blocks\":[1],\"growth\":1,\"stem\":\"cifar\"}, 2 classes, "
                "3 input channels",
                "tensors: 17 with 142 values", "prefix: removed \"module.\"",
                "dropped: 3 counters num_batches_tracked",
                "recipe: none given, the usual one of densenet is used; check that the network "
                "was trained with it"}));
}

TEST(Convert, RenamesOldDenseLayers) {
  const Conversion conversion = convert(golden_path("old_names.pth"));
  EXPECT_EQ(conversion.model.options, Json({{"growth", 2}, {"blocks", {2, 1}}}));
  // 3 layers of 2 norms (4 tensors) and 2 convolutions.
  ASSERT_EQ(conversion.report.renamed.size(), 30U);
  EXPECT_EQ(conversion.report.renamed.front(),
            std::pair(std::string("features.denseblock1.denselayer1.norm.1.weight"),
                      std::string("features.denseblock1.denselayer1.norm1.weight")));
}

TEST(Convert, TakesAReplacedHeadAndGreyInput) {
  const Conversion conversion = convert(golden_path("head.pth"));
  EXPECT_EQ(conversion.model.classes, 1);
  EXPECT_EQ(conversion.class_names, (std::vector<std::string>{"negative", "positive"}));
  EXPECT_EQ(conversion.model.input_channels, 1);
  EXPECT_EQ(conversion.report.prefix, "net.backbone.");
  EXPECT_TRUE(conversion.report.added_bias);
  EXPECT_EQ(conversion.recipe["channels"], 1);
  EXPECT_EQ(conversion.report.renamed.back(),
            std::pair(std::string("net.head.1.weight"), std::string("classifier.weight")));
}

TEST(Convert, CountsWidenedAndRoundedValues) {
  const ConvertReport half = convert(golden_path("half.pth")).report;
  EXPECT_EQ(half.key, "model");
  EXPECT_EQ(half.widened, half.parameters);
  EXPECT_EQ(half.rounded, 0);
  EXPECT_EQ(half.from_binary64, 0);
  const ConvertReport wide = convert(golden_path("double.pth")).report;
  const Json expected = golden_expectations()["networks"]["double.pth"];
  EXPECT_EQ(wide.from_binary64, expected["values"]);
  EXPECT_EQ(wide.rounded, expected["rounded"]);
  EXPECT_EQ(wide.largest_relative_change, expected["largest"]);
  EXPECT_EQ(wide.negative_zeros, 1);
  const auto lines = wide.lines();
  EXPECT_NE(std::ranges::find(lines,
                              "binary64: 55 of 142 values rounded to binary32, the largest "
                              "relative change is 2.9802322443206464e-08"),
            lines.end());
  EXPECT_NE(std::ranges::find(lines, "zeros: 1 value -0 became +0"), lines.end());
}

TEST(Convert, RecognisesTheSequenceOfAResNetsChildren) {
  const Conversion named = convert(golden_path("resnet.pth"));
  const Conversion numbered = convert(golden_path("resnet_children.pth"));
  EXPECT_EQ(named.model, numbered.model);
  EXPECT_EQ(digest(named.tensors), digest(numbered.tensors));
  EXPECT_EQ(numbered.report.renamed.size(), 17U);
}

TEST(Convert, ReadsTheRealCifarResNet) {
  const auto data = shared_data();
  if (data.empty()) GTEST_SKIP() << "no shared/data";
  const Conversion conversion = convert(data / "cifar10" / "resnet20-12fca82f.th");
  EXPECT_EQ(conversion.model, (models::ModelConfig{"cifar_resnet20", 10, 3, Json::object()}));
  EXPECT_EQ(conversion.report.parameters, 271098);
  EXPECT_EQ(conversion.report.rounded, 0);
  EXPECT_EQ(digest(conversion.tensors), golden_expectations()["real"]);
  expect_complete(conversion);
}

// Every preset and some of each family, from names and sizes alone.
TEST(Recognise, KnowsEveryPreset) {
  std::vector<models::ModelConfig> configs{
      tiny_densenet(),
      tiny_resnet(),
      tiny_resnet("bottleneck"),
      {"cifar_resnet", 10, 3, {{"blocks_per_stage", 2}}},
      {"cifar_resnet", 10, 1, {{"blocks_per_stage", 3}, {"width", 32}}},
      {"densenet", 2, 1, {{"growth", 12}, {"blocks", {16, 16, 16}}, {"stem", "cifar"}}},
      {"densenet", 2, 3, {{"growth", 8}, {"blocks", {2, 3}}, {"compression", 0.75}}},
      {"densenet", 2, 3, {{"growth", 8}, {"blocks", {2}}, {"bn_size", 2}, {"stem_channels", 5}}},
  };
  std::size_t presets = 0;
  for (const models::ModelInfo& info : models::models()) {
    if (info.name == info.family) continue;
    configs.push_back(models::default_config(info.name));
    ++presets;
  }
  EXPECT_GE(presets, 14U);
  for (const models::ModelConfig& config : configs) {
    const engine::Graph graph = models::build_model(config, 256, 256);
    NamedDims tensors;
    std::vector<std::string> names;
    for (const engine::Parameter& parameter : graph.parameters()) {
      tensors.emplace(parameter.name, parameter.dims);
      names.push_back("model.backbone." + parameter.name);
    }
    const NetworkNames network = find_network(names, "f");
    EXPECT_EQ(network.prefix, "model.backbone.");
    for (const engine::Parameter& parameter : graph.parameters()) {
      EXPECT_EQ(network.canonical("model.backbone." + parameter.name), parameter.name);
    }
    models::ModelConfig recognised = recognise(network, tensors, {}, Json::object(), "f");
    recognised.classes = config.classes;
    EXPECT_EQ(recognised, config) << models::to_json(config).dump()
                                  << models::to_json(recognised).dump();
  }
}

TEST(Convert, TakesWhatTheUserSays) {
  const std::string file = RawState(tiny_resnet("bottleneck")).file();
  EXPECT_EQ(convert_bytes(file).report.assumption,
            "bottleneck blocks stride in their 3x3 (torchvision); shapes cannot tell");
  const Conversion conversion = convert_bytes(file, {.model_options = {{"stride_in_1x1", true}},
                                                     .classes = 2,
                                                     .class_names = {"benign", "malignant"},
                                                     .recipe = {{"any", "thing"}}});
  EXPECT_EQ(conversion.model.options["stride_in_1x1"], true);
  EXPECT_EQ(conversion.report.assumption, "");
  EXPECT_EQ(conversion.class_names, (std::vector<std::string>{"benign", "malignant"}));
  EXPECT_EQ(conversion.recipe, Json({{"any", "thing"}}));
  EXPECT_FALSE(conversion.report.default_recipe);
  EXPECT_FALSE(convert_bytes(file, {.architecture = "resnet"}).report.recognised);
  expect_complete(conversion);
}

TEST(Convert, RefusesWhatTheUserSaysIfItDoesNotFit) {
  const std::string file = RawState(tiny_resnet()).file();
  EXPECT_EQ(usage(file, {.architecture = "resnet5O"}),
            "resnet5O: is not an architecture that apatite knows; nearest: resnet50, resnet, "
            "resnet152");
  EXPECT_EQ(usage(file, {.architecture = "densenet121"}),
            "f: its names are those of a ResNet, not of densenet121; leave out --arch to have the "
            "architecture recognised");
  EXPECT_EQ(usage(file, {.classes = 7}),
            "f: has 2 classes (fc.weight 2x1), not 7; leave out --num-classes or pass 2");
  EXPECT_EQ(usage(file, {.class_names = {"a"}}),
            "f: has 2 logits, but 1 class name is given; pass one name for each logit, in their "
            "order (for a one-logit head: negative, positive)");
  EXPECT_EQ(usage(file, {.key = "model"}),
            "f: has no dict at the key model; dicts of tensors are at: (the outermost dict)");
  EXPECT_NE(usage(file, {.model_options = {{"depth", 3}}}).find("depth"), std::string::npos);
  EXPECT_NE(refusal(file, {.architecture = "resnet18"}).find("lacks 85 tensors of resnet18"),
            std::string::npos)
      << refusal(file, {.architecture = "resnet18"});
}

TEST(Convert, RefusesNonFiniteValuesByName) {
  RawState state(tiny_densenet());
  state.at("features.norm5.bias").values[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(refusal(state.file()),
            "f: tensor features.norm5.bias is not finite (element 1); the training diverged or "
            "the file is damaged: take another checkpoint");
}

TEST(Convert, RefusesBinary64BeyondBinary32) {
  RawState state(tiny_resnet());
  state.remove("bn1.bias");
  std::string file = state.file();
  // The same state dict with bn1.bias as one binary64 of 1e300.
  std::vector<std::pair<std::string, std::string>> items{
      {"bn1.bias",
       torch::raw::tensor(
           {.key = "0", .count = 1, .dims = {1}, .strides = {1}, .type = "DoubleStorage"})}};
  const double large = 1e300;
  std::vector<std::string> storages{torch::raw::bytes_of(std::span(&large, 1))};
  for (const RawState::Entry& entry : state.entries) {
    items.emplace_back(entry.name,
                       torch::raw::tensor({.key = std::to_string(storages.size()),
                                           .count = static_cast<std::int64_t>(entry.values.size()),
                                           .dims = entry.dims,
                                           .strides = torch::raw::contiguous(entry.dims)}));
    storages.push_back(torch::raw::floats(entry.values));
  }
  EXPECT_EQ(refusal(torch::raw::zip_checkpoint(torch::raw::dict(items), storages)),
            "f: tensor bn1.bias is not finite in binary32 (element 0); the training diverged or "
            "the file is damaged: take another checkpoint");
}

TEST(Convert, ExplainsAHeadThatItDoesNotTake) {
  RawState two(tiny_densenet());
  two.remove("classifier.weight");
  two.remove("classifier.bias");
  EXPECT_EQ(refusal(two.file()),
            "f: has no linear layer at its end; save the whole network: densenet ends in one "
            "linear layer of 3 inputs");
  two.add("head.0.weight", {8, 3});
  two.add("head.0.bias", {8});
  two.add("head.3.weight", {2, 8});
  EXPECT_EQ(refusal(two.file()),
            "f: its head has 2 linear layers (head.0.weight 8x3, head.3.weight 2x8), that of "
            "densenet has one; train or export the network with one linear layer after the "
            "pooling");
  two.remove("head.0.weight");
  two.remove("head.0.bias");
  EXPECT_EQ(refusal(two.file()),
            "f: its last layer head.3.weight 2x8 takes 8 inputs, that of densenet takes 3; give a "
            "network whose last layer follows the global average pooling");
}

TEST(Convert, ListsTensorsThatDoNotFit) {
  RawState state(tiny_densenet());
  state.at("classifier.bias") = {"classifier.bias", {3}, {1, 2, 3}};
  EXPECT_EQ(refusal(state.file()),
            "f: its last layer's classifier.bias 3 should be 2; load it with torch.load and save "
            "it again with torch.save");
  state.at("classifier.bias") = {"classifier.bias", {2}, {1, 2}};
  state.add("attention.weight", {5});
  EXPECT_EQ(refusal(state.file()),
            "f: has tensors that densenet does not: attention.weight 5; it is another network; "
            "apatite converts those that `apatite models` lists");
  state.remove("attention.weight");
  state.remove("features.norm5.running_var");
  EXPECT_EQ(refusal(state.file()),
            "f: lacks 1 tensors of densenet: features.norm5.running_var; it is another network "
            "(wide, grouped or modified); apatite converts those that `apatite models` lists");
  state.add("features.norm5.running_var", {7});
  EXPECT_EQ(refusal(state.file()),
            "f: has 1 tensors with other sizes than densenet's: features.norm5.running_var 7 "
            "where it has 3; it is another network (wide, grouped or modified); apatite converts "
            "those that `apatite models` lists");
}

TEST(Convert, RefusesNamesThatItDoesNotKnow) {
  RawState state(tiny_densenet());
  state.remove("features.denseblock1.denselayer1.norm1.weight");
  EXPECT_EQ(refusal(state.file()),
            "f: its names are those of no network that apatite knows (features.conv0.weight, "
            "features.denseblock1.denselayer1.norm1.bias, "
            "features.denseblock1.denselayer1.norm1.running_mean, ...); give a ResNet or DenseNet "
            "with torchvision's names (layer1.0.conv1.weight, "
            "features.denseblock1.denselayer1.norm1.weight), any prefix before them");
}

TEST(Convert, RefusesTwoNetworksInOneDict) {
  RawState state(tiny_resnet());
  const auto entries = state.entries;
  state.entries.clear();
  for (const char* prefix : {"a.", "b."}) {
    for (RawState::Entry entry : entries) {
      entry.name = prefix + entry.name;
      state.entries.push_back(entry);
    }
  }
  EXPECT_EQ(usage(state.file(), {}),
            "f: holds 2 networks, with the prefixes \"a.\", \"b.\"; save the state dict of one of "
            "them");
}

TEST(Convert, RefusesTwoTensorsOfOneName) {
  RawState state(tiny_resnet());
  for (RawState::Entry& entry : state.entries) entry.name = "net." + entry.name;
  state.add("fc.weight", {2, 1});
  EXPECT_EQ(refusal(state.file()),
            "f: tensors fc.weight and net.fc.weight would both be called fc.weight; save the state "
            "dict of one network");
}

// Tensors that share one storage could ask for any amount of memory.
TEST(Convert, RefusesMoreValuesThanTheFileHolds) {
  const models::ModelConfig config = models::default_config("resnet50");
  std::int64_t largest = 0;
  const engine::Graph graph = models::build_model(config, 64, 64);
  for (const engine::Parameter& parameter : graph.parameters()) {
    largest = std::max(largest, engine::element_count(parameter.dims));
  }
  std::vector<std::pair<std::string, std::string>> items;
  for (const engine::Parameter& parameter : graph.parameters()) {
    items.emplace_back(parameter.name,
                       torch::raw::tensor({.key = "0",
                                           .count = largest,
                                           .dims = parameter.dims,
                                           .strides = torch::raw::contiguous(parameter.dims),
                                           .type = "HalfStorage"}));
  }
  const std::string storage(static_cast<std::size_t>(largest) * 2, '\0');
  EXPECT_EQ(refusal(torch::raw::zip_checkpoint(torch::raw::dict(items), {storage})),
            "f: its tensors claim more values than the file holds (they share their storages); "
            "load it with torch.load and save it again with torch.save");
}

TEST(Convert, RefusesWhatIsNoFile) {
  const TemporaryFolder folder;
  const auto kind_of = [](const std::filesystem::path& path) {
    try {
      convert(path);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::kInternal;
  };
  EXPECT_EQ(kind_of(folder.path()), ErrorKind::kIo);
  EXPECT_EQ(kind_of(folder / "missing.pth"), ErrorKind::kIo);
  write_file(folder / "empty.pth", "");
  EXPECT_EQ(kind_of(folder / "empty.pth"), ErrorKind::kBadFile);
  const std::string whole = golden("plain.pth");
  write_file(folder / "cut.pth", whole.substr(0, whole.size() / 2));
  EXPECT_EQ(kind_of(folder / "cut.pth"), ErrorKind::kBadFile);
}

TEST(Convert, ReadsTheLegacyFormatsPrefixesAsRefusals) {
  const std::string whole = golden("resnet_children.pth");
  for (std::size_t length = 0; length < whole.size(); length += 7) {
    EXPECT_NE(refusal(whole.substr(0, length)), "converted") << length;
  }
}

TEST(DefaultRecipe, IsARecipe) {
  for (const char* name : {"resnet101", "densenet201", "cifar_resnet20"}) {
    for (const std::int64_t channels : {1, 3}) {
      models::ModelConfig config = models::default_config(name);
      config.input_channels = channels;
      const image::Recipe recipe = image::Recipe::from_json(default_recipe(config), name);
      const std::int64_t side = std::string_view(name).starts_with("cifar") ? 32 : 224;
      EXPECT_EQ(recipe.output_shape(), (engine::Shape{channels, side, side})) << name;
      EXPECT_NO_THROW(models::build_model(config, side, side));
    }
  }
  const image::RecipePreset* preset = image::find_recipe_preset("torchvision-224");
  ASSERT_NE(preset, nullptr);
  for (const char* name : {"resnet101", "densenet201"}) {
    EXPECT_EQ(default_recipe(models::default_config(name)), parse_json(preset->json, name));
  }
  EXPECT_EQ(image::Recipe::from_json(default_recipe(tiny_densenet()), "f").output_shape(),
            (engine::Shape{3, 32, 32}));
  models::ModelConfig two = models::default_config("resnet18");
  two.input_channels = 2;
  EXPECT_THROW(default_recipe(two), Error);
}

}  // namespace
}  // namespace apatite::weights
