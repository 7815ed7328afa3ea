// A run that is killed, several times, ends with the bytes of a run that was not.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "base/error.h"
#include "tests/study/small_study.h"

namespace apatite::cli {
namespace {

std::vector<std::string> words(const study::SmallStudy& study, const std::string& output) {
  return {"predict",
          "--weights",
          study.weights().string(),
          "--images",
          study.images().string(),
          "-o",
          (study / output).string(),
          "--threads",
          "1",
          "--batch",
          "2",
          "--workers",
          "1",
          "--backend",
          "reference"};
}

TEST(Kill, ARunContinuesAndEndsWithTheSameBytes) {
  const study::SmallStudy study(240);
  write_text(study.image(100), "not a picture");
  const ProgramResult whole = run_program(APATITE_PROGRAM, words(study, "whole.csv"));
  ASSERT_EQ(whole.exit_code, static_cast<int>(ErrorKind::kImage)) << whole.errors;
  const std::string expected = read_text(study / "whole.csv");
  const std::string errors = read_text(study / "errors.csv");
  std::filesystem::remove(study / "errors.csv");

  // Each time as soon as the journal has grown a little.
  const auto journal = study / "killed.csv.partial";
  int killed = 0;
  std::uintmax_t seen = 0;
  for (int round = 0; round < 3; ++round) {
    const pid_t child = start_program(APATITE_PROGRAM, words(study, "killed.csv"), ".",
                                      study / "out", study / "err");
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    const auto grown = [&] {
      std::error_code missing;
      const auto size = std::filesystem::file_size(journal, missing);
      return !missing && size > seen + 1500;
    };
    while (!grown() && std::chrono::steady_clock::now() < give_up &&
           !std::filesystem::exists(study / "killed.csv")) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    ::kill(child, SIGKILL);
    if (wait_for(child) == 128 + SIGKILL) ++killed;
    EXPECT_FALSE(std::filesystem::exists(study / "killed.csv"));
    EXPECT_FALSE(std::filesystem::exists(study / "errors.csv"));
    seen = std::filesystem::file_size(journal);
  }
  EXPECT_EQ(killed, 3) << "the runs were too short to be killed";

  const ProgramResult last = run_program(APATITE_PROGRAM, words(study, "killed.csv"));
  EXPECT_EQ(last.exit_code, static_cast<int>(ErrorKind::kImage)) << last.errors;
  EXPECT_NE(last.output.find("of them from the interrupted run"), std::string::npos) << last.output;
  EXPECT_EQ(read_text(study / "killed.csv"), expected);
  EXPECT_EQ(read_text(study / "errors.csv"), errors);
  EXPECT_FALSE(std::filesystem::exists(journal));
}

}  // namespace
}  // namespace apatite::cli
