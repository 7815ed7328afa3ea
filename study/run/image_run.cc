#include "study/run/image_run.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/bytes.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/text.h"
#include "engine/backends.h"
#include "engine/graph/contract.h"
#include "engine/runtime/threads.h"

namespace apatite::study {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kErrorsHeader = "image,reason\n";
constexpr std::int64_t kMostBatch = 4096;
constexpr std::int64_t kMostWorkers = 256;

const RunOptions& checked(const RunOptions& options) {
  check_between("batch", options.batch, 1, kMostBatch);
  check_between("workers", options.workers, 0, kMostWorkers);
  return options;
}

// As many as asked for or, if that is 0, half as many as the network has threads.
std::size_t count_workers(const RunOptions& options) {
  const int threads = engine::resolve_threads(options.threads);
  return static_cast<std::size_t>(options.workers > 0 ? options.workers : std::max(1, threads / 2));
}

std::list<ImageModel> open_models(const std::vector<fs::path>& weights, const fs::path& recipe,
                                  std::size_t decoders) {
  std::list<ImageModel> models;
  for (const fs::path& path : weights) models.emplace_back(path, recipe, decoders);
  return models;
}

// Why an image cannot be read, without the path that the message starts with: the row names it.
std::string reason_of(const Error& error, const fs::path& path) {
  const std::string_view message = error.what();
  const std::string prefix = escape_control(path.string()) + ": ";
  return std::string(message.starts_with(prefix) ? message.substr(prefix.size()) : message);
}

// errors.csv with these rows in `folder`. Returns its path, empty if there is none.
fs::path write_errors(const fs::path& folder, const std::string& rows) {
  fs::path path = folder / "errors.csv";
  if (!rows.empty()) {
    write_file(path, std::string(kErrorsHeader) + rows);
    return path;
  }
  // A file of that name that apatite did not write stays.
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored) &&
      as_text(MappedFile(path).bytes()).starts_with(kErrorsHeader)) {
    fs::remove(path, ignored);
  }
  return {};
}

}  // namespace

void check_between(std::string_view what, std::int64_t value, std::int64_t least,
                   std::int64_t most) {
  if (value >= least && value <= most) return;
  throw Error(ErrorKind::kUsage, what, to_text(value) + " is not possible",
              "pass " + to_text(least) + " to " + to_text(most));
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw Error(ErrorKind::kIo, folder.string(), "cannot be made (" + error.message() + ")");
  }
}

ImageRun::ImageRun(const RunOptions& options, const std::vector<fs::path>& weights)
    : options_(checked(options)),
      manifest_(read_manifest(options.images)),
      workers_(count_workers(options)),
      models_(open_models(weights, options.recipe, workers_)),
      backend_(engine::find_backend(options.backend)) {
  compile_.threads = engine::resolve_threads(options.threads);
  compile_.isa = engine::resolve_isa(backend_, options.isa);
}

ListedImage ImageRun::image(std::size_t index) const {
  const ManifestEntry& entry = manifest_.entries[index];
  return {index, entry, manifest_.path_of(entry)};
}

Fingerprint ImageRun::fingerprint(const Fingerprint& task_parts) const {
  Fingerprint parts;
  for (const ImageModel& model : models_) {
    parts.emplace_back("weights", model.weights().sha256());
    parts.emplace_back("recipe", model.recipe().sha256());
  }
  parts.emplace_back("images", sha256_of(manifest_.entries));
  parts.emplace_back("backend", std::string(backend_.name()));
  parts.emplace_back("arithmetic", to_text(std::int64_t{engine::kContractVersion}));
  parts.insert(parts.end(), task_parts.begin(), task_parts.end());
  return parts;
}

void ImageRun::open_journal(const fs::path& path, const Fingerprint& task_parts,
                            fs::path errors_folder) {
  journal_.emplace(path, fingerprint(task_parts));
  errors_folder_ = std::move(errors_folder);
  if (options_.strict) forget_from_first_unreadable();
  resumed_ = journal_->size();
}

void ImageRun::forget_from_first_unreadable() {
  std::size_t readable = 0;
  bool all = true;
  journal_->for_each([&](const JournalEntry& entry) {
    all = all && entry.readable;
    if (all) ++readable;
  });
  journal_->truncate(readable);
}

JournalEntry ImageRun::unreadable(const ListedImage& image, const Error& error) {
  return {false,
          csv_line(std::vector<std::string>{image.entry.image, reason_of(error, image.path)})};
}

RunSummary ImageRun::collect(
    const std::function<void(const ListedImage&, const std::string&)>& visit) const {
  RunSummary summary;
  summary.resumed = static_cast<std::int64_t>(resumed_);
  summary.skipped = manifest_.skipped;
  std::string errors;
  std::size_t index = 0;
  journal_->for_each([&](const JournalEntry& entry) {
    const std::size_t mine = index++;
    if (entry.readable) {
      ++summary.images;
      visit(image(mine), entry.text);
    } else {
      ++summary.unreadable;
      errors += entry.text;
    }
  });
  summary.errors = write_errors(errors_folder_, errors);
  return summary;
}

}  // namespace apatite::study
