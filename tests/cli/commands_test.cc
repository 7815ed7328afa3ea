// The way of the README: make weights, check them, predict; and what goes wrong on it.
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"
#include "base/sha256.h"
#include "image/codec/npy.h"
#include "tests/study/small_study.h"
#include "tests/support/hex.h"
#include "tests/support/source_dir.h"

namespace apatite::cli {
namespace {

ProgramResult apatite(const std::vector<std::string>& arguments) {
  return run_program(APATITE_PROGRAM, arguments);
}

void expect_code(const ProgramResult& result, ErrorKind kind, const std::string& part) {
  EXPECT_EQ(result.exit_code, static_cast<int>(kind)) << result.errors;
  EXPECT_TRUE(result.errors.starts_with("apatite: ")) << result.errors;
  EXPECT_EQ(result.errors.find('\n'), result.errors.size() - 1) << result.errors;
  EXPECT_NE(result.errors.find(part), std::string::npos) << result.errors;
}

TEST(Commands, InitMakesTheSameFileEachTimeAndCheckAgrees) {
  const TemporaryFolder folder;
  const std::string a = folder / "a.safetensors";
  const std::string b = folder / "b.safetensors";
  const std::vector<std::string> words{"init",      "cifar_resnet20",   "--seed", "5",
                                       "--classes", "benign,malignant", "-o"};
  auto first = words;
  first.push_back(a);
  auto second = words;
  second.push_back(b);
  const ProgramResult made = apatite(first);
  ASSERT_EQ(made.exit_code, 0) << made.errors;
  EXPECT_NE(made.output.find("classes  benign, malignant\n"), std::string::npos) << made.output;
  ASSERT_EQ(apatite(second).exit_code, 0);
  EXPECT_EQ(read_text(a), read_text(b));

  const ProgramResult check = apatite({"check", a, "--backend", "reference"});
  EXPECT_EQ(check.exit_code, 0) << check.errors;
  EXPECT_NE(check.output.find("self-test   agrees"), std::string::npos) << check.output;
  EXPECT_EQ(parse_json(apatite({"describe", a, "--json"}).output, "d")["nodes"].back()["shape"][0],
            2);

  // One bit of the last tensor: the table still holds, the self-test does not.
  std::string damaged = read_text(a);
  damaged[damaged.size() - 2] = static_cast<char>(damaged[damaged.size() - 2] ^ 0x10);
  write_text(b, damaged);
  expect_code(apatite({"check", b}), ErrorKind::kBadFile, "self-test fails");
  write_text(b, damaged.substr(0, damaged.size() - 1));
  expect_code(apatite({"check", b}), ErrorKind::kBadFile, b);
}

TEST(Commands, InitTakesOneLogitAndGreyImages) {
  const TemporaryFolder folder;
  const std::string file = folder / "w.safetensors";
  ASSERT_EQ(apatite({"init", "cifar_resnet20", "--seed", "1", "--num-classes", "1", "--classes",
                     "benign,malignant", "--input-channels", "1", "-o", file})
                .exit_code,
            0);
  const weights::WeightsMetadata metadata = weights::WeightsFile(file).metadata();
  EXPECT_EQ(metadata.model.classes, 1);
  EXPECT_EQ(metadata.model.input_channels, 1);
  EXPECT_EQ(metadata.recipe["channels"], 1);
}

TEST(Commands, PredictTellsWhatItDid) {
  const study::SmallStudy study(4);
  const std::string output = study / "p.csv";
  const std::vector<std::string> words{"predict",
                                       "--weights",
                                       study.weights().string(),
                                       "--images",
                                       study.images().string(),
                                       "-o",
                                       output,
                                       "--threads",
                                       "1"};
  ProgramResult result = apatite(words);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(result.errors, "") << "no bar without a terminal";
  EXPECT_TRUE(result.output.starts_with(output + ": 4 images")) << result.output;
  EXPECT_NE(result.output.find("of 4 images whose class is known, "), std::string::npos)
      << result.output;

  write_text(study.image(1), "");
  result = apatite(words);
  EXPECT_TRUE(result.output.starts_with(output + ": 3 images")) << result.output;
  result.output.clear();
  expect_code(result, ErrorKind::kImage, "errors.csv: 1 images could not be read");
  auto strict = words;
  strict.emplace_back("--strict");
  expect_code(apatite(strict), ErrorKind::kBadFile, study.image(1).string());
  study::write_noise_png(study.image(1), 32, 32, 1);
  expect_code(apatite({"predict", "--weights", study.weights().string()}), ErrorKind::kUsage,
              "--images is required");
  auto backend = words;
  backend.insert(backend.end(), {"--isa", "none"});
  expect_code(apatite(backend), ErrorKind::kUnavailable, "none");
  auto missing = words;
  missing[2] = "/no/such/weights";
  expect_code(apatite(missing), ErrorKind::kIo, "/no/such/weights");
}

TEST(Commands, PredictSaysWhatIsNotFinite) {
  const study::SmallStudy study(1);
  const weights::WeightsMetadata metadata = weights::WeightsFile(study.weights()).metadata();
  weights::NamedTensors tensors =
      weights::seeded_tensors(models::build_model(metadata.model, 32, 32), 11);
  for (float& value : tensors.at("linear.weight").values()) value = 3e38F;
  weights::write_weights(study.weights(), metadata, tensors);
  expect_code(apatite({"predict", "--weights", study.weights().string(), "--images",
                       study.images().string(), "-o", (study / "p.csv").string()}),
              ErrorKind::kNumeric, "linear");
}

TEST(Commands, ConvertRefusesWhatIsNoCheckpoint) {
  const TemporaryFolder folder;
  write_text(folder / "x.pth", "not a checkpoint");
  expect_code(apatite({"convert", folder / "x.pth", "-o", folder / "w"}), ErrorKind::kBadFile,
              "x.pth");
  EXPECT_FALSE(std::filesystem::exists(folder / "w"));
  expect_code(apatite({"convert", folder / "no.pth", "-o", folder / "w"}), ErrorKind::kIo,
              "no.pth: cannot open");
}

TEST(Commands, InspectShowsTheFileAndEveryStep) {
  const TemporaryFolder folder;
  const std::string image = folder / "a.png";
  study::write_noise_png(image, 20, 30, 1);
  const ProgramResult text = apatite({"inspect", image});
  ASSERT_EQ(text.exit_code, 0) << text.errors;
  for (const char* part : {"PNG", "30x20 (width x height)", "channel 2: ", "different values"}) {
    EXPECT_NE(text.output.find(part), std::string::npos) << text.output;
  }
  const std::string recipe = folder / "r.json";
  write_text(recipe, R"({"recipe": 1, "channels": 3, "divide_by": 1, "mean": [0, 0, 0],
    "std": [1, 1, 1], "steps": [{"crop_box": {}}, {"flip": {"if": "left"}}]})");
  const std::string png = folder / "seen.png";
  const std::vector<std::string> words{"inspect", image,       "--recipe",     recipe,
                                       "--box",   "1,2,10,12", "--laterality", "L",
                                       "--png",   png,         "--json"};
  const ProgramResult result = apatite(words);
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const Json report = parse_json(result.output, "report");
  EXPECT_EQ(report["steps"].size(), 4U);
  EXPECT_EQ(report["steps"][2]["step"], "flip");
  EXPECT_EQ(report["steps"][3]["shape"], (Json{3, 10, 12}));
  EXPECT_EQ(report["pixel_map"]["scale_x"], -1);
  // The picture is the state after the last step.
  const ProgramResult seen = apatite({"inspect", png, "--json"});
  EXPECT_EQ(parse_json(seen.output, "seen")["pixels_sha256"], report["steps"][2]["sha256"]);

  expect_code(apatite({"inspect", image, "--recipe", recipe}), ErrorKind::kBadFile,
              "has no box where the recipe crops to one");
  expect_code(apatite({"inspect", folder / "b.png"}), ErrorKind::kIo, "cannot open");
  expect_code(apatite({"inspect", image, "--laterality", "B"}), ErrorKind::kUsage, "laterality");
  expect_code(apatite({"inspect", image, "--box", "1,2,3"}), ErrorKind::kUsage, "box");
}

TEST(Commands, InspectShowsTensorsToo) {
  const TemporaryFolder folder;
  const std::string file = folder / "a.npy";
  const engine::Tensor tensor(engine::Dims{1, 3, 1, 2},
                              std::vector<float>{0.5F, -1, 2, 3, 4, 5.25F});
  image::write_npy(file, tensor);
  const ProgramResult result = apatite({"inspect", file, "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const Json report = parse_json(result.output, "report");
  EXPECT_EQ(report["format"], "NumPy array");
  EXPECT_EQ(report["facts"]["elements"], "binary32");
  EXPECT_EQ(report["tensor"]["shape"], (Json{3, 1, 2}));
  EXPECT_EQ(report["tensor"]["sha256"], sha256_hex(std::as_bytes(tensor.values())));
  EXPECT_EQ(report["channels"][0]["least"], -1);
  EXPECT_EQ(report["channels"][2]["largest"], 5.25);
  EXPECT_EQ(report["bits"], 32);

  // binary64: what it loses is said.
  std::string wide = image::encode_npy(engine::Tensor(engine::Dims{1, 2}));
  wide.replace(wide.find("<f4"), 3, "<f8").resize(wide.size() - 8);
  for (const double value : {0.1, -0.0}) {
    wide.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  write_text(folder / "wide.npy", wide);
  const ProgramResult text = apatite({"inspect", folder / "wide.npy"});
  ASSERT_EQ(text.exit_code, 0) << text.errors;
  for (const char* part : {"binary64, 1 of them rounded to binary32", "1, read as 0", "1x1x2"}) {
    EXPECT_NE(text.output.find(part), std::string::npos) << text.output;
  }

  const std::string recipe = folder / "r.json";
  write_text(recipe, R"({"recipe": 1, "channels": 3, "divide_by": 1, "mean": [0, 0, 0],
    "std": [1, 1, 1], "steps": []})");
  const std::string png = folder / "seen.png";
  const ProgramResult checked = apatite({"inspect", file, "--recipe", recipe, "--png", png});
  ASSERT_EQ(checked.exit_code, 0) << checked.errors;
  EXPECT_NE(checked.output.find("takes the tensor as it is"), std::string::npos) << checked.output;
  EXPECT_TRUE(std::filesystem::exists(png));
  expect_code(apatite({"inspect", folder / "wide.npy", "--recipe", recipe}), ErrorKind::kBadFile,
              "holds a tensor of 1x1x2 where the recipe gives 3x1x2");
  expect_code(apatite({"inspect", file, "--recipe", "torchvision-224"}), ErrorKind::kBadFile,
              "where the recipe gives 3x224x224");
}

TEST(Commands, InspectDecodesJpegAsTheRecipeSays) {
  const TemporaryFolder folder;
  const auto path = source_dir() / "tests" / "goldens" / "image" / "jpeg.json";
  const Json golden = parse_json(read_text(path), "jpeg.json")["cases"][2];
  ASSERT_EQ(golden["name"], "4:2:0");
  const std::string image = folder / "a.jpg";
  write_text(image, from_hex(golden["file"]));
  const auto pixels = [&](const std::string& jpeg) {
    write_text(folder / "r.json", R"({"recipe": 1, "channels": 3, "divide_by": 1, "mean": [0, 0, 0],
      "std": [1, 1, 1], "steps": [])" +
                                      jpeg + "}");
    const ProgramResult result =
        apatite({"inspect", image, "--recipe", folder / "r.json", "--json"});
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return parse_json(result.output, "report");
  };
  const Json usual = pixels("");
  EXPECT_EQ(usual["pixels_sha256"], golden["sha256"]);
  EXPECT_EQ(usual["facts"]["inverse DCT"], "islow");
  EXPECT_EQ(usual["facts"]["chroma upsampling"], "fancy");
  EXPECT_FALSE(usual["recipe"].contains("jpeg"));
  const Json other = pixels(R"(, "jpeg": {"dct": "ifast", "upsampling": "nearest"})");
  EXPECT_EQ(other["pixels_sha256"], golden["variants"]["ifast nearest"]);
  EXPECT_EQ(other["facts"]["inverse DCT"], "ifast");
  EXPECT_EQ(other["recipe"]["jpeg"], (Json{{"dct", "ifast"}, {"upsampling", "nearest"}}));
}

TEST(Commands, RecipesPrintsWhatCanBeUsedAsAFile) {
  const TemporaryFolder folder;
  EXPECT_NE(apatite({"recipes"}).output.find("keras-caffe"), std::string::npos);
  EXPECT_NE(apatite({"recipes", "--methods"}).output.find("torch-bicubic"), std::string::npos);
  const std::string recipe = folder / "r.json";
  write_text(recipe, apatite({"recipes", "keras-caffe"}).output);
  const std::string image = folder / "a.png";
  study::write_noise_png(image, 20, 30, 1);
  const std::string by_name = apatite({"inspect", image, "--recipe", "keras-caffe"}).output;
  EXPECT_EQ(apatite({"inspect", image, "--recipe", recipe}).output, by_name);
  EXPECT_NE(by_name.find("normalized"), std::string::npos);
  expect_code(apatite({"recipes", "keras"}), ErrorKind::kUsage, "nearest: keras-");
}

}  // namespace
}  // namespace apatite::cli
