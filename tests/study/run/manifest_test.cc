#include "study/run/manifest.h"

#include <gtest/gtest.h>

#include <set>

#include "base/csv.h"
#include "base/error.h"
#include "tests/support/mutations.h"
#include "tests/support/program.h"
#include "tests/support/temporary_folder.h"

namespace apatite::study {
namespace {

std::string refusal(const std::function<void()>& action, ErrorKind kind) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "accepted";
}

std::string csv_refusal(const std::string& csv) {
  return refusal([&] { parse_manifest(csv, "m.csv"); }, ErrorKind::kBadFile);
}

TEST(Manifest, ReadsItsColumnsInAnyOrder) {
  const auto entries = parse_manifest(
      "\xef\xbb\xbfpatient,image,split,label\r\nP1,a.png,train,benign\r\n,\"b, c.png\",,\r\n",
      "m.csv");
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(
      entries[0],
      (ManifestEntry{
          .image = "a.png", .label = "benign", .patient = "P1", .lesion = "", .split = "train"}));
  EXPECT_EQ(entries[1].image, "b, c.png");
  EXPECT_EQ(entries[1].label, "");
}

TEST(Manifest, RefusesWithTheLine) {
  EXPECT_EQ(csv_refusal("image,label\na.png,x\n"),
            "m.csv: line 1: there is no column 'patient'; the header has: image, label");
  EXPECT_EQ(csv_refusal("image,label,patient,splt\n"),
            "m.csv: line 1: the column 'splt' has no meaning here; nearest: split, mask, boxes; "
            "rename or remove it");
  EXPECT_EQ(csv_refusal("image,label,patient\na.png,x,1\n,x,1\n"), "m.csv: line 3: names no image");
  EXPECT_EQ(csv_refusal("image,label,patient\na.png,x,1\nb.png,x,1\n./a.png,x,1\n"),
            "m.csv: line 4: the image './a.png' is there already, in line 2; list each image once");
  EXPECT_EQ(csv_refusal("image,label,patient\n"), "m.csv: lists no image");
  EXPECT_EQ(csv_refusal("image,label,patient\na.png,x\n"),
            "m.csv: line 2: has 2 fields, the first row has 3");
  EXPECT_EQ(csv_refusal(""),
            "m.csv: line 1: the file is empty; start it with the names of the columns");
}

TEST(Manifest, ReadsOrRefusesAnyMutation) {
  std::size_t refused = 0;
  for_each_mutation(
      "image,label,patient\n\"a.png\",x,1\nb.png,y,2\n",
      [](const std::string& bytes) { return sha256_of(parse_manifest(bytes, "m.csv")); },
      [&](const std::string& verdict, std::size_t position, bool prefix) {
        refused += verdict.starts_with("refused: m.csv: ") ? 1U : 0U;
        // A header that is cut or has one byte changed cannot pass.
        if (position < 20) {
          EXPECT_TRUE(verdict.starts_with("refused: ")) << position << (prefix ? " cut" : "");
        }
      });
  EXPECT_GT(refused, 60U);
}

TEST(Manifest, TakesPathsRelativeToItsFolder) {
  const TemporaryFolder folder;
  write_text(folder / "m.csv", "image,label,patient\nx/a.png,,\n/b.png,,\n");
  const Manifest manifest = read_manifest(folder / "m.csv");
  ASSERT_EQ(manifest.entries.size(), 2U);
  EXPECT_EQ(manifest.path_of(manifest.entries[0]), folder.path() / "x/a.png");
  EXPECT_EQ(manifest.path_of(manifest.entries[1]), "/b.png");
}

TEST(Manifest, ListsAFolderInByteOrderWithItsClasses) {
  const TemporaryFolder folder;
  for (const char* name : {"b", "a", "a/deep", ".hidden", "B"}) {
    std::filesystem::create_directory(folder / name);
  }
  for (const char* name : {"b/1.png", "a/2.PNG", "a/10.png", "a/deep/x.npy", "top.png", "notes.txt",
                           ".hidden/y.png", "a/._2.png", "B/z.png", "a/list.csv"}) {
    write_text(folder / name, "x");
  }
  const Manifest manifest = read_manifest(folder.path());
  std::vector<std::pair<std::string, std::string>> listed;
  for (const auto& entry : manifest.entries) listed.emplace_back(entry.image, entry.label);
  const std::vector<std::pair<std::string, std::string>> expected{
      {"B/z.png", "B"},     {"a/10.png", "a"}, {"a/2.PNG", "a"},
      {"a/deep/x.npy", ""}, {"b/1.png", "b"},  {"top.png", ""}};
  EXPECT_EQ(listed, expected);
  EXPECT_EQ(manifest.skipped, 2);
  EXPECT_EQ(manifest.path_of(manifest.entries[1]), folder.path() / "a/10.png");
}

TEST(Manifest, DoesNotDependOnHowTheFolderIsWritten) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "a");
  write_text(folder / "a/1.png", "x");
  const auto plain = read_manifest(folder.path());
  const auto slash = read_manifest(folder.path().string() + "/");
  const auto dots = read_manifest(folder / "a/..");
  EXPECT_EQ(plain.entries, slash.entries);
  EXPECT_EQ(plain.entries, dots.entries);
}

TEST(Manifest, RefusesAFolderWithoutImagesAndWhatIsNotThere) {
  const TemporaryFolder folder;
  write_text(folder / "notes.txt", "x");
  EXPECT_NE(refusal([&] { read_manifest(folder.path()); }, ErrorKind::kUsage)
                .find("holds no image (1 other files)"),
            std::string::npos);
  EXPECT_NE(refusal([&] { read_manifest(folder / "missing.csv"); }, ErrorKind::kIo), "accepted");
}

TEST(Manifest, HashesWhatItLists) {
  const std::vector<ManifestEntry> entries(
      1, {.image = "a", .label = "b", .patient = "c", .lesion = "d", .split = "e"});
  std::set<std::string> hashes{sha256_of(entries)};
  for (auto field : {&ManifestEntry::image, &ManifestEntry::label, &ManifestEntry::patient,
                     &ManifestEntry::lesion, &ManifestEntry::split}) {
    auto changed = entries;
    changed[0].*field += "x";
    hashes.insert(sha256_of(changed));
  }
  hashes.insert(sha256_of({entries[0], entries[0]}));
  auto left = entries;
  left[0].context.laterality = image::Laterality::kLeft;
  hashes.insert(sha256_of(left));
  auto cropped = entries;
  cropped[0].context.crop = image::Box{1, 2, {3, 4}};
  hashes.insert(sha256_of(cropped));
  EXPECT_EQ(hashes.size(), 9U);
}

TEST(Manifest, ReadsWhatARecipeWantsToKnowOfAnImage) {
  const auto entries = parse_manifest(
      "image,label,patient,laterality,crop_top,crop_left,crop_height,crop_width\n"
      "a.png,,,L,1,2,3,4\nb.png,,,right,,,,\nc.png,,,,0,0,1,65535\n",
      "m.csv");
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].context,
            (image::ImageContext{image::Box{1, 2, {3, 4}}, image::Laterality::kLeft}));
  EXPECT_EQ(entries[1].context, (image::ImageContext{std::nullopt, image::Laterality::kRight}));
  EXPECT_EQ(entries[2].context,
            (image::ImageContext{image::Box{0, 0, {1, 65535}}, image::Laterality::kUnknown}));

  const auto row = [](const std::string& cells) {
    return csv_refusal(
        "image,label,patient,laterality,crop_top,crop_left,crop_height,crop_width\na.png,,," +
        cells + "\n");
  };
  EXPECT_EQ(row("B,,,,"), "m.csv: line 2: has the laterality 'B'; write L or R, or nothing");
  EXPECT_EQ(row(",1,2,3,"),
            "m.csv: line 2: has a part of a box; fill all of crop_top, crop_left, crop_height and "
            "crop_width, or none");
  EXPECT_EQ(row(",1,2,0,4"),
            "m.csv: line 2: has '0' as crop_height; write pixels: a whole number from 1 on");
  for (const char* cells : {",-1,2,3,4", ",1.5,2,3,4", ",1,2,3,65536", ",1,2,3,x", ",1,2, 3,4",
                            ",1,2,99999999999999999999,4"}) {
    EXPECT_NE(row(cells), "accepted") << cells;
  }
}

}  // namespace
}  // namespace apatite::study
