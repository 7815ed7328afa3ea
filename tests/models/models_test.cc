#include "models/models.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "models/describe.h"

namespace apatite {
namespace {

// Of the published weights with 1,000 classes (torchvision's model cards) and, for CIFAR, of
// akamaster/pytorch_resnet_cifar10's with 10 (He et al. 2016, table 6, rounds them).
struct Published {
  const char* name;
  std::int64_t parameters;
};

class PublishedModel : public ::testing::TestWithParam<Published> {};

Graph at_default_size(const std::string& name) {
  const ModelConfig config = default_config(name);
  const auto info = std::find_if(models().begin(), models().end(),
                                 [&](const ModelInfo& model) { return model.name == name; });
  return build_model(config, info->default_input.height, info->default_input.width);
}

TEST_P(PublishedModel, HasThePublishedNumberOfParameters) {
  const Graph graph = at_default_size(GetParam().name);
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

}  // namespace
}  // namespace apatite
