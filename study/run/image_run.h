// How the runs over a list of images (predict, explain, faithfulness) go. Internal to study/.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.h"
#include "image/recipe/recipe.h"
#include "study/run/journal.h"
#include "study/run/manifest.h"
#include "study/run/run_summary.h"
#include "weights/weights_file.h"

namespace apatite::study {

// Throws Error (kUsage) unless least <= value <= most.
void check_between(std::string_view what, std::int64_t value, std::int64_t least,
                   std::int64_t most);
// The same for the options that every run has.
void check_batch_and_workers(std::int64_t batch, int workers);

// Threads that make images ready, each with a decoder process: as asked for, or, if that is 0, half
// as many as the network's.
std::size_t image_workers(int asked, int network_threads);

// The recipe that goes with the weights: `path` or, if that is empty, the file's own. Throws Error
// (kUsage) if there is none or it makes images of other channels than the network takes.
image::Recipe recipe_for(const weights::WeightsFile& weights, const std::filesystem::path& path);

// read_manifest(), or a single image as a manifest of one.
Manifest read_images(const std::filesystem::path& images);

// Makes a folder and those above it. Throws Error (kIo).
void make_folder(const std::filesystem::path& folder);

// Why an image cannot be read, without the path that the message starts with: the row names it.
std::string reason_of(const Error& error, const std::filesystem::path& path);

// errors.csv with these rows (csv_line) in `folder`; none: removes that of an earlier run. Returns
// its path, empty if there is none.
std::filesystem::path write_errors(const std::filesystem::path& folder, const std::string& rows);

// Does what the journal of an earlier run leaves to do: compute(the first image), then write(),
// whose RunSummary is completed; what the outputs then hold leaves the journal.
template <class Compute, class Write>
auto run_with_journal(Journal& journal, const Manifest& manifest, const Compute& compute,
                      const Write& write) {
  const std::size_t resumed = journal.size();
  compute(resumed);
  auto summary = write();
  summary.resumed = static_cast<std::int64_t>(resumed);
  summary.skipped = manifest.skipped;
  journal.remove();
  return summary;
}

// Calls work(0) .. work(count - 1) on up to `threads` threads; throws what the first of them threw.
template <class Work>
void for_all(std::size_t count, std::size_t threads, const Work& work) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::exception_ptr> errors(count);
  {
    std::vector<std::jthread> team;
    for (std::size_t i = 0; i < std::min(threads, count); ++i) {
      team.emplace_back([&] {
        for (std::size_t at = next++; at < count; at = next++) {
          try {
            work(at);
          } catch (...) {
            errors[at] = std::current_exception();
          }
        }
      });
    }
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace apatite::study
