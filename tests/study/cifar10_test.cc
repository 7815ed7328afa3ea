// Real weights on real images: the published accuracy, and one file whatever computed it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/sha256.h"
#include "engine/backends.h"
#include "study/predict/predict.h"
#include "tests/support/shared_data.h"
#include "tests/support/temporary_folder.h"
#include "weights/conversion/convert.h"
#include "weights/weights_file.h"

namespace apatite::study {
namespace {

namespace fs = std::filesystem;

class Cifar10 : public testing::Test {
 protected:
  void SetUp() override {
    const fs::path data = shared_data();
    if (data.empty()) GTEST_SKIP() << "no shared/data";
    weights::ConvertOptions convert_options;
    convert_options.class_names = {"airplane", "automobile", "bird",  "cat",  "deer",
                                   "dog",      "frog",       "horse", "ship", "truck"};
    const weights::Conversion conversion =
        weights::convert(data / "cifar10/resnet20-12fca82f.th", convert_options);
    weights::WeightsMetadata metadata;
    metadata.model = conversion.model;
    metadata.class_names = conversion.class_names;
    metadata.recipe = conversion.recipe;
    options_.weights = folder_ / "weights.safetensors";
    weights::write_weights(options_.weights, metadata, conversion.tensors);
    images_ = options_.images = data / "cifar10/test";
    options_.output = folder_ / "predictions.csv";
  }

  // Every 20th of the images, at most `count`, as a folder of links.
  void take(std::size_t count) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(images_)) {
      if (entry.path().extension() == ".png") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    ASSERT_EQ(files.size(), 10'000U);
    const fs::path folder = folder_ / std::to_string(count);
    for (std::size_t i = 0; i < count; ++i) {
      const fs::path& file = files[i * 20];
      const fs::path link = folder / file.parent_path().filename() / file.filename();
      fs::create_directories(link.parent_path());
      fs::create_symlink(file, link);
    }
    options_.images = folder;
    count_ = count;
  }

  std::string hash(const std::string& backend, const std::string& isa, int threads, int batch) {
    options_.backend = backend;
    options_.isa = isa;
    options_.threads = threads;
    options_.batch = batch;
    EXPECT_EQ(predict(options_).images, static_cast<std::int64_t>(count_));
    return sha256_file(options_.output);
  }

  // Threads {1, 2, 8} x batch {1, 7, 64} give the file that the default gives.
  void expect_one_file(const std::string& backend, const std::string& isa) {
    const std::string expected = hash("exact", "", 1, 8);
    for (const int threads : {1, 2, 8}) {
      for (const int batch : {1, 7, 64}) {
        EXPECT_EQ(hash(backend, isa, threads, batch), expected)
            << backend << " " << isa << ", threads " << threads << ", batch " << batch;
      }
    }
  }

  TemporaryFolder folder_;
  fs::path images_;
  std::size_t count_ = 0;
  PredictOptions options_;
};

// The ResNet-20 of akamaster/pytorch_resnet_cifar10 (Yerlan Idelbayev, "Proper ResNet
// Implementation for CIFAR10/CIFAR100 in PyTorch") has a published test error of 8.27 %.
TEST_F(Cifar10, ResNet20GetsThePublishedAccuracy) {
  options_.threads = 1;
  options_.batch = 64;
  const PredictSummary summary = predict(options_);
  EXPECT_EQ(summary.images, 10'000);
  EXPECT_EQ(summary.labelled, 10'000);
  EXPECT_EQ(summary.right, 9'173);
}

TEST_F(Cifar10, EveryVectorIsaGivesOneFileForAnyThreadsAndBatch) {
  take(500);
  std::size_t vectors = 0;
  for (const engine::Isa& isa : engine::find_backend("exact").isas()) {
    if (!isa.present || isa.name == "scalar") continue;
    expect_one_file("exact", isa.name);
    ++vectors;
  }
  if (vectors == 0) GTEST_SKIP() << "this CPU has no vector instruction set that is built in";
}

TEST_F(Cifar10, TheReferenceGivesThatFileForAnyThreadsAndBatch) {
  take(500);
  expect_one_file("reference", "");
}

// Without instructions for fma the scalar path computes it in software, about ten images a second:
// 60 images, or the 500 of the other tests where APATITE_TEST_ALL is set (some ten minutes).
TEST_F(Cifar10, TheScalarPathGivesThatFileForAnyThreadsAndBatch) {
  take(std::getenv("APATITE_TEST_ALL") != nullptr ? 500 : 60);
  expect_one_file("exact", "scalar");
}

}  // namespace
}  // namespace apatite::study
