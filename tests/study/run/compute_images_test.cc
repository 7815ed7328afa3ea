#include "study/run/compute_images.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/csv.h"
#include "tests/study/small_study.h"
#include "tests/support/csv_rows.h"

namespace apatite::study {
namespace {

// A task without a network: the result of an image is its index.
class CountingTask final : public ImageTask<std::int64_t, std::size_t> {
 public:
  std::set<std::size_t> unreadable;
  std::set<std::size_t> not_finite;
  std::set<std::size_t> large;  // of another size than the rest
  bool large_are_refused = false;
  std::size_t threads = 1;
  std::vector<std::vector<std::size_t>> batches;  // that compute() was called with

  std::int64_t load(const ListedImage& image) override {
    if (unreadable.contains(image.index)) {
      throw Error(ErrorKind::kBadFile, image.path.string(), "is not a picture");
    }
    return static_cast<std::int64_t>(image.index);
  }

  [[nodiscard]] bool same_size(const std::int64_t& a, const std::int64_t& b) const override {
    return is_large(a) == is_large(b);
  }

  void prepare(const std::int64_t& image) override {
    if (large_are_refused && is_large(image)) {
      throw Error(ErrorKind::kUsage, "input", "does not fit");
    }
  }

  std::vector<std::size_t> compute(std::span<const std::int64_t* const> images) override {
    std::vector<std::size_t> results;
    for (const std::int64_t* image : images) results.push_back(static_cast<std::size_t>(*image));
    batches.push_back(results);
    for (const std::size_t index : results) {
      if (not_finite.contains(index)) throw Error(ErrorKind::kNumeric, "node", "is not finite");
    }
    return results;
  }

  std::string record(const ListedImage& image, const std::int64_t& loaded,
                     const std::size_t& result) override {
    EXPECT_EQ(image.index, result);
    EXPECT_EQ(static_cast<std::size_t>(loaded), result);
    return image.entry.image;
  }
  [[nodiscard]] std::size_t record_threads() const override { return threads; }

 private:
  [[nodiscard]] bool is_large(std::int64_t image) const {
    return large.contains(static_cast<std::size_t>(image));
  }
};

// Seven images: a.png to g.png.
class ComputeImages : public testing::Test {
 protected:
  ComputeImages() {
    std::string list = "image,label,patient\n";
    for (const char name : std::string("abcdefg")) list += std::string(1, name) + ".png,,\n";
    write_text(study_ / "list.csv", list);
    options_.images = study_ / "list.csv";
    options_.threads = 1;
    options_.workers = 2;
  }

  // Runs the task in batches of three. Returns the records, those of unreadable images in brackets.
  std::string run(CountingTask& task) {
    ImageRun run(options_, {study_.weights()});
    run.open_journal(study_ / "journal", {}, study_ / "");
    progress_.clear();
    compute_images(run, task, 3,
                   [&](const RunProgress& state) { progress_.push_back(state.done); });
    std::string text;
    const RunSummary summary = run.collect(
        [&](const ListedImage&, const std::string& record) { text += record.substr(0, 1); });
    EXPECT_EQ(summary.images, static_cast<std::int64_t>(text.size()));
    EXPECT_EQ(summary.images + summary.unreadable, 7);
    if (summary.unreadable > 0) errors_ = rows_of(read_text(summary.errors));
    run.finish();
    return text;
  }

  std::string refusal(CountingTask& task, ErrorKind kind) {
    try {
      run(task);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    return "accepted";
  }

  // How many images the journal of an interrupted run holds.
  std::size_t kept() {
    ImageRun run(options_, {study_.weights()});
    run.open_journal(study_ / "journal", {}, study_ / "");
    return run.done();
  }

  SmallStudy study_{0};
  RunOptions options_;
  std::vector<std::int64_t> progress_;
  Rows errors_;
};

using Batches = std::vector<std::vector<std::size_t>>;

TEST_F(ComputeImages, TakesThemInGroupsAndReportsEach) {
  CountingTask task;
  EXPECT_EQ(run(task), "abcdefg");
  EXPECT_EQ(task.batches, (Batches{{0, 1, 2}, {3, 4, 5}, {6}}));
  EXPECT_EQ(progress_, (std::vector<std::int64_t>{0, 3, 6, 7}));
}

TEST_F(ComputeImages, GivesTheSameWhereManyThreadsRecord) {
  CountingTask task;
  task.threads = 3;
  EXPECT_EQ(run(task), "abcdefg");
}

TEST_F(ComputeImages, PutsOneSizeIntoAGroup) {
  CountingTask task;
  task.large = {1, 2};
  EXPECT_EQ(run(task), "abcdefg");
  EXPECT_EQ(task.batches, (Batches{{0}, {1, 2}, {3, 4, 5}, {6}}));
}

TEST_F(ComputeImages, LosesNoImageToOneThatCannotBeRead) {
  CountingTask task;
  task.unreadable = {1, 6};
  EXPECT_EQ(run(task), "acdef");
  EXPECT_EQ(task.batches, (Batches{{0, 2}, {3, 4, 5}}));
  EXPECT_EQ(
      errors_,
      (Rows{{"image", "reason"}, {"b.png", "is not a picture"}, {"g.png", "is not a picture"}}));
}

TEST_F(ComputeImages, LosesNoImageToOneThatIsTooSmall) {
  CountingTask task;
  task.large = {2};
  task.large_are_refused = true;
  EXPECT_EQ(run(task), "abdefg");
  EXPECT_EQ(errors_, (Rows{{"image", "reason"}, {"c.png", "input: does not fit"}}));
}

TEST_F(ComputeImages, TracesANumberThatIsNotFiniteToItsImage) {
  CountingTask task;
  task.not_finite = {4};
  expect_contains(refusal(task, ErrorKind::kNumeric), "e.png: node: is not finite");
  EXPECT_EQ(task.batches, (Batches{{0, 1, 2}, {3, 4, 5}, {3}, {4}}));
  EXPECT_EQ(kept(), 3U);
}

TEST_F(ComputeImages, StopsAtTheFirstUnreadableOneIfStrict) {
  options_.strict = true;
  CountingTask task;
  task.unreadable = {4};
  expect_contains(refusal(task, ErrorKind::kBadFile), "e.png: is not a picture");
  EXPECT_EQ(kept(), 4U) << "what comes before it is done";
  // Readable again, the run continues there.
  CountingTask rest;
  EXPECT_EQ(run(rest), "abcdefg");
  EXPECT_EQ(rest.batches, (Batches{{4, 5, 6}}));

  // Too small is unreadable too; and what an earlier run passed over, a strict one does not.
  CountingTask small;
  small.large = {1};
  small.large_are_refused = true;
  expect_contains(refusal(small, ErrorKind::kBadFile), "b.png: input: does not fit");
  EXPECT_EQ(kept(), 1U);
  options_.strict = false;
  small.not_finite = {6};
  refusal(small, ErrorKind::kNumeric);
  EXPECT_EQ(kept(), 5U);
  options_.strict = true;
  EXPECT_EQ(kept(), 1U);
}

TEST_F(ComputeImages, EndsWithADefectOfApatite) {
  class Defective final : public ImageTask<int, int> {
   public:
    int load(const ListedImage&) override { throw Error(ErrorKind::kInternal, "x", "defect"); }
    [[nodiscard]] bool same_size(const int&, const int&) const override { return true; }
    void prepare(const int&) override {}
    std::vector<int> compute(std::span<const int* const> images) override {
      return std::vector<int>(images.size());
    }
    std::string record(const ListedImage&, const int&, const int&) override { return {}; }
  } task;
  ImageRun run(options_, {study_.weights()});
  run.open_journal(study_ / "journal", {}, study_ / "");
  EXPECT_THROW(compute_images(run, task, 3, {}), Error);
  EXPECT_EQ(run.done(), 0U);
}

}  // namespace
}  // namespace apatite::study
