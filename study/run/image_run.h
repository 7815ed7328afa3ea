// One run of networks over a list of images: what it works on and what it has done so far. The loop
// over the images is study/run/compute_images.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "engine/backend/backend.h"
#include "study/run/image_model.h"
#include "study/run/image_task.h"
#include "study/run/journal.h"
#include "study/run/manifest.h"
#include "study/run/run_options.h"
#include "study/run/run_summary.h"

namespace apatite::study {

// Throws Error (kUsage) unless least <= value <= most. `what` names the option.
void check_between(std::string_view what, std::int64_t value, std::int64_t least,
                   std::int64_t most);

// Makes a folder and those above it. Throws Error (kIo).
void make_folder(const std::filesystem::path& folder);

class ImageRun {
 public:
  // Reads the list of images and the weights files, forks the decoder processes (so construct it
  // before other threads start) and finds the backend. `options` must outlive it. Throws Error:
  // kUsage for options that are out of range; kUnavailable for the backend or instruction set; what
  // read_manifest and ImageModel throw.
  ImageRun(const RunOptions& options, const std::vector<std::filesystem::path>& weights);

  [[nodiscard]] const RunOptions& options() const { return options_; }
  [[nodiscard]] const Manifest& manifest() const { return manifest_; }
  [[nodiscard]] ListedImage image(std::size_t index) const;
  // Threads that make images ready.
  [[nodiscard]] std::size_t workers() const { return workers_; }
  // One per weights file, in their order.
  [[nodiscard]] std::list<ImageModel>& models() { return models_; }
  [[nodiscard]] const engine::Backend& backend() const { return backend_; }
  [[nodiscard]] const engine::CompileOptions& compile_options() const { return compile_; }

  // Opens the journal (study/run/journal.h), so that the run continues where an earlier one ended;
  // if strict, at the latest at the first image that was unreadable then. What decides the bytes of
  // the outputs is the weights, recipes, images, backend, arithmetic and what `task_parts` names.
  // `errors_folder`: where errors.csv goes.
  void open_journal(const std::filesystem::path& path, const Fingerprint& task_parts,
                    std::filesystem::path errors_folder);

  // Images that are done, readable or not: those before this number in the manifest.
  [[nodiscard]] std::size_t done() const { return journal_->size(); }
  // Adds what the next images gave.
  void append(const std::vector<JournalEntry>& entries) { journal_->append(entries); }
  // What the journal keeps of an image that cannot be read.
  [[nodiscard]] static JournalEntry unreadable(const ListedImage& image, const Error& error);

  // When all images are done: calls `visit` with the record of every image that was read, in the
  // manifest's order, and writes errors.csv (image,reason) with the others or, if there are none,
  // removes that of an earlier run.
  [[nodiscard]] RunSummary collect(
      const std::function<void(const ListedImage& image, const std::string& record)>& visit) const;

  // The outputs hold what the journal kept: deletes it.
  void finish() { journal_->remove(); }

 private:
  [[nodiscard]] Fingerprint fingerprint(const Fingerprint& task_parts) const;
  void forget_from_first_unreadable();

  const RunOptions& options_;
  Manifest manifest_;
  std::size_t workers_;
  std::list<ImageModel> models_;  // before anything that starts threads
  const engine::Backend& backend_;
  engine::CompileOptions compile_;
  std::optional<Journal> journal_;
  std::filesystem::path errors_folder_;
  std::size_t resumed_ = 0;
};

}  // namespace apatite::study
