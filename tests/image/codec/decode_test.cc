#include "image/codec/decode.h"

#include <gtest/gtest.h>

#include "image/codec/npy.h"
#include "image/codec/png.h"
#include "image/input.h"
#include "tests/support/seeded_image.h"
#include "tests/support/temporary_folder.h"

namespace apatite::image {
namespace {

std::string refused(const std::string& file) {
  return refusal(ErrorKind::kBadFile, [&] { decode_image(bytes_of(file), "a.png"); });
}

TEST(DecodeImage, GoesByTheBytesNotByTheName) {
  const TemporaryFolder folder;
  const auto image = seeded_image<std::uint8_t>(1, 2, 3, 1);
  write_png(folder / "picture.npy", image);
  EXPECT_EQ(samples_of<std::uint8_t>(decode_image(folder / "picture.npy")),
            samples_of<std::uint8_t>(image));
  EXPECT_EQ(decode_image(folder / "picture.npy").source, (folder / "picture.npy").string());
}

TEST(DecodeImage, RefusesWhatIsNotAnImage) {
  const std::string remedy = "convert it to one of: PNG, JPEG, NumPy array";
  EXPECT_EQ(refused(""), "a.png: is empty (0 bytes); copy it again");
  EXPECT_EQ(refused("plain text\n"), "a.png: is not an image of a known format; " + remedy);
  EXPECT_EQ(refused("GIF89a"), "a.png: is a GIF file, which is not read; " + remedy);
  const std::string preamble(128, '\0');
  EXPECT_EQ(refused(preamble + "DICM"), "a.png: is a DICOM file, which is not read; " + remedy);
  EXPECT_EQ(refused(preamble + "DIC"), "a.png: is not an image of a known format; " + remedy);
  EXPECT_EQ(refused("\x89PNG\n\x1a\n"),
            "a.png: has a damaged PNG signature; it may have been copied as text: copy it again as "
            "binary");
}

TEST(DecodeImage, RefusesFoldersAndMissingFiles) {
  const TemporaryFolder folder;
  const std::string path = folder.path().string();
  EXPECT_EQ(refusal(ErrorKind::kIo, [&] { decode_image(folder.path()); }),
            path + ": is a directory; pass a file");
  EXPECT_EQ(refusal(ErrorKind::kIo, [&] { decode_image(folder / "no.png"); }),
            path + "/no.png: cannot open (No such file or directory)");
}

TEST(HasImageExtension, ListsTheFormats) {
  EXPECT_TRUE(has_image_extension("a/b.png"));
  EXPECT_TRUE(has_image_extension("b.PNG"));
  EXPECT_TRUE(has_image_extension("b.npy"));
  EXPECT_TRUE(has_image_extension("b.jpg"));
  EXPECT_TRUE(has_image_extension("b.JPEG"));
  EXPECT_FALSE(has_image_extension("b"));
  EXPECT_FALSE(has_image_extension("b.txt"));
  EXPECT_FALSE(has_image_extension("png"));
}

Recipe small_recipe(const std::string& steps) {
  return Recipe::from_json(parse_json(R"({"recipe": 1, "channels": 1, "steps": [)" + steps +
                                          R"(], "divide_by": 1, "mean": [0], "std": [1]})",
                                      "r.json"),
                           "r.json");
}

TEST(LoadInput, PassesImagesThroughTheRecipeAndTensorsAroundIt) {
  const TemporaryFolder folder;
  write_png(folder / "a.png", image_of<std::uint8_t>(1, 2, 1, {3, 5}));
  const engine::Tensor tensor(engine::Dims{1, 1, 1, 2}, std::vector<float>{7.5F, -1});
  write_npy(folder / "a.npy", tensor);
  const Recipe any = small_recipe("");
  const Recipe padded = small_recipe(R"({"crop": {"top": 0, "left": 0, "height": 1, "width": 1}},
                                        {"pad": {"left": 1}})");
  EXPECT_EQ(load_input(folder / "a.png", any).values()[1], 5);
  EXPECT_EQ(load_input(folder / "a.png", padded).values()[1], 3);
  EXPECT_EQ(load_input(folder / "a.npy", any).values()[0], 7.5F);
  EXPECT_EQ(load_input(folder / "a.npy", padded).values()[1], -1);
}

TEST(LoadInput, RefusesTensorsOfAnotherShape) {
  const engine::Tensor tensor(engine::Dims{1, 1, 2, 2});
  const std::string file = encode_npy(tensor);
  const auto load = [&](const Recipe& recipe) {
    return refusal(ErrorKind::kBadFile, [&] { load_input(bytes_of(file), recipe, "a.npy"); });
  };
  EXPECT_EQ(load(small_recipe("")), "accepted");
  EXPECT_EQ(load(small_recipe(R"({"center_crop": {"height": 1, "width": 2}})")),
            "a.npy: holds a tensor of 1x2x2 where the recipe gives 1x1x2; store channels x height "
            "x width as the network takes them");
  const std::string colour = encode_npy(engine::Tensor(engine::Dims{1, 3, 2, 2}));
  EXPECT_NE(refusal(ErrorKind::kBadFile,
                    [&] { load_input(bytes_of(colour), small_recipe(""), "a.npy"); }),
            "accepted");
}

}  // namespace
}  // namespace apatite::image
