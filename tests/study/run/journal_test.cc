#include "study/run/journal.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/support/program.h"
#include "tests/support/temporary_folder.h"

namespace apatite::study {
namespace {

const Fingerprint kRun{{"weights", "abc"}, {"images", "def"}};

const std::vector<JournalEntry> kEntries{{true, "a.png,x,,1.5,0.25\n"},
                                         {false, "\"b\nc.png\",\"not, an \"\"image\"\"\"\n"},
                                         {true, "d.png,,P 1,-2,1e-05\n"}};

std::vector<JournalEntry> entries_of(const Journal& journal) {
  std::vector<JournalEntry> entries;
  journal.for_each([&](const JournalEntry& entry) { entries.push_back(entry); });
  return entries;
}

// A journal with kEntries, as bytes.
std::string written(const std::filesystem::path& path) {
  Journal journal(path, kRun);
  journal.append({kEntries[0]});
  journal.append({kEntries[1], kEntries[2]});
  EXPECT_EQ(entries_of(journal), kEntries);
  return read_text(path);
}

std::string refusal(const std::filesystem::path& path, const Fingerprint& run, ErrorKind kind) {
  try {
    const Journal journal(path, run);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    const std::string message = error.what();
    return message.substr(message.find(": ") + 2);
  }
  return "accepted";
}

TEST(Journal, ComesBackAsItWasWritten) {
  const TemporaryFolder folder;
  written(folder / "j");
  Journal journal(folder / "j", kRun);
  EXPECT_EQ(entries_of(journal), kEntries);
  journal.truncate(1);
  EXPECT_EQ(journal.size(), 1U);
  journal.append({kEntries[1]});
  EXPECT_EQ(entries_of(journal), std::vector(kEntries.begin(), kEntries.begin() + 2));
}

// A kill can leave any prefix. What is whole is kept, the rest forgotten, and appending goes on.
TEST(Journal, CutAnywhereKeepsTheWholeRecords) {
  const TemporaryFolder folder;
  const std::string all = written(folder / "j");
  std::size_t kept_before = 0;
  for (std::size_t length = 0; length <= all.size(); ++length) {
    write_text(folder / "j", all.substr(0, length));
    Journal journal(folder / "j", kRun);
    const auto kept = entries_of(journal);
    ASSERT_GE(kept.size(), kept_before) << length;
    ASSERT_EQ(kept, std::vector(kEntries.begin(), kEntries.begin() + kept.size())) << length;
    kept_before = kept.size();
    journal.append(std::vector(kEntries.begin() + kept.size(), kEntries.end()));
    ASSERT_EQ(read_text(folder / "j"), all) << length;
  }
  EXPECT_EQ(kept_before, kEntries.size());
}

// A damaged disk can change any byte. The records before it are kept, none after it is believed.
TEST(Journal, AFlippedByteCostsTheRecordsFromThereOn) {
  const TemporaryFolder folder;
  const std::string all = written(folder / "j");
  const std::size_t header = all.find('\n') + 1;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::string flipped = all;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x01);
    write_text(folder / "j", flipped);
    if (i < header) {
      ASSERT_NE(refusal(folder / "j", kRun, ErrorKind::kUsage), "accepted") << i;
      continue;
    }
    const Journal journal(folder / "j", kRun);
    const auto kept = entries_of(journal);
    ASSERT_LT(kept.size(), kEntries.size()) << i;
    ASSERT_EQ(kept, std::vector(kEntries.begin(), kEntries.begin() + kept.size())) << i;
  }
}

TEST(Journal, RecordsCannotChangePlacesOrRuns) {
  const TemporaryFolder folder;
  const std::string all = written(folder / "j");
  const std::size_t header = all.find('\n') + 1;
  const std::size_t second = all.find('\n', all.find('\n', header) + 1) + 1;
  write_text(folder / "j", all.substr(0, header) + all.substr(second));
  EXPECT_EQ(Journal(folder / "j", kRun).size(), 0U);
}

TEST(Journal, RefusesAnotherRunAndSaysWhatDiffers) {
  const TemporaryFolder folder;
  const std::string all = written(folder / "j");
  EXPECT_EQ(
      refusal(folder / "j", {{"weights", "abc"}, {"images", "xyz"}}, ErrorKind::kUsage),
      "belongs to a run with other images; remove it to start again, or choose another output");
  EXPECT_EQ(read_text(folder / "j"), all) << "a refused journal is left as it is";
  write_text(folder / "j", "my notes\n");
  EXPECT_EQ(refusal(folder / "j", kRun, ErrorKind::kUsage),
            "is not the journal of this run; remove it to start again, or choose another output");
  EXPECT_EQ(read_text(folder / "j"), "my notes\n");
}

TEST(Journal, HasOneWriter) {
  const TemporaryFolder folder;
  Journal journal(folder / "j", kRun);
  journal.append(kEntries);
  EXPECT_EQ(refusal(folder / "j", kRun, ErrorKind::kIo),
            "another process is writing it; wait until it has finished");
}

TEST(Journal, LeavesNothingBehindWithoutRecords) {
  const TemporaryFolder folder;
  { const Journal journal(folder / "j", kRun); }
  EXPECT_FALSE(std::filesystem::exists(folder / "j"));
  {
    Journal journal(folder / "j", kRun);
    journal.append(kEntries);
    journal.remove();
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "j"));
  EXPECT_NE(refusal(folder / "no/j", kRun, ErrorKind::kIo), "accepted");
}

}  // namespace
}  // namespace apatite::study
