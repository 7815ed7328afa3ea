// Ten million cases: an error in the last row is found and named, in less than 1 GB.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <string>

#include "base/error.h"
#include "base/file.h"
#include "eval/data/score_table.h"
#include "tests/support/temporary_folder.h"

namespace apatite::eval {
namespace {

TEST(LargeFile, NamesTheLineOfAnErrorInTheLastOfTenMillionRows) {
  constexpr int kRows = 10'000'000;
  const TemporaryFolder folder;
  AtomicFile file(folder / "big.csv");
  std::string text = "image,label,patient,p:malignant\n";
  for (int i = 0; i < kRows; ++i) {
    const std::string number = std::to_string(i);
    text += number + (i % 3 == 0 ? ",malignant," : ",benign,") + std::to_string(i / 4) + ",0." +
            number + "\n";
    if (text.size() < std::size_t{1} << 20U) continue;
    file.write(text);
    text.clear();
  }
  file.write(text + "last,benign,0,0.5O\n");
  file.commit();
  try {
    (void)read_scores(folder / "big.csv", {.positive = "malignant"});
    ADD_FAILURE() << "the last row was read";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).substr((folder / "big.csv").string().size()),
              ": line 10000002: the score \"0.5O\" in the column 'p:malignant' is not a number");
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  EXPECT_LT(usage.ru_maxrss, 1'000'000);  // KiB
}

}  // namespace
}  // namespace apatite::eval
