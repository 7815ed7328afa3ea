// What every run over a list of images (predict, explain, faithfulness) reports.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace apatite::study {

struct RunProgress {
  std::int64_t done = 0;  // images, readable or not, including those of an earlier run
  std::int64_t total = 0;
};
using ShowProgress = std::function<void(const RunProgress&)>;

struct RunSummary {
  std::int64_t images = 0;       // images that were read
  std::int64_t unreadable = 0;   // rows of errors.csv
  std::int64_t resumed = 0;      // images that an earlier, interrupted run had done
  std::int64_t skipped = 0;      // files in the folder that are no images
  std::filesystem::path errors;  // errors.csv, if there is one
};

}  // namespace apatite::study
