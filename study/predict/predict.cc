#include "study/predict/predict.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/csv.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "engine/backends.h"
#include "engine/graph/contract.h"
#include "engine/runtime/threads.h"
#include "image/input.h"
#include "image/recipe/recipe.h"
#include "study/predict/scores.h"
#include "study/run/image_run.h"
#include "study/run/journal.h"
#include "study/run/manifest.h"
#include "study/run/network.h"
#include "study/run/ordered_loader.h"
#include "weights/weights_file.h"

namespace apatite::study {
namespace {

namespace fs = std::filesystem;

void check_options(const PredictOptions& options) {
  check_batch_and_workers(options.batch, options.workers);
  if (options.output.filename().empty() || options.output.filename() == "errors.csv") {
    throw Error(ErrorKind::kUsage, options.output.string(), "cannot be the name of the output",
                "choose another, e.g. predictions.csv");
  }
  for (const fs::path& input : {options.weights, options.images, options.recipe}) {
    std::error_code missing;
    if (!fs::equivalent(input, options.output, missing)) continue;
    throw Error(ErrorKind::kUsage, options.output.string(), "is an input of this run",
                "choose another name for the output");
  }
}

std::vector<float> parse_logits(std::span<const std::string> fields) {
  std::vector<float> logits;
  for (const std::string& field : fields) {
    float& logit = logits.emplace_back();
    std::from_chars(field.data(), field.data() + field.size(), logit);
  }
  return logits;
}

// One run: what is known before the first image, and what is done with each.
class Run {
 public:
  explicit Run(const PredictOptions& options)
      : options_(options),
        weights_(options.weights),
        recipe_(recipe_for(weights_, options.recipe)),
        workers_(image_workers(options.workers, engine::resolve_threads(options.threads))),
        decoders_(workers_, image::image_decoder(recipe_)),
        manifest_(read_manifest(options.images)),
        backend_(options.backend.empty() ? *engine::backends().front()
                                         : engine::find_backend(options.backend)),
        network_(prepared_network()),
        scores_(weights_.metadata().model.classes, weights_.metadata().class_names),
        journal_(options.output.string() + ".partial", fingerprint()) {}

  PredictSummary run(const ShowProgress& progress) {
    if (options_.strict) forget_from_first_unreadable();
    return run_with_journal(
        journal_, manifest_, [&](std::size_t first) { compute(first, progress); },
        [&] { return write_outputs(); });
  }

 private:
  // Refuses what can be refused before the first image is read.
  Network prepared_network() const {
    engine::CompileOptions compile;
    compile.threads = engine::resolve_threads(options_.threads);
    compile.isa = engine::resolve_isa(backend_, options_.isa);
    Network network(weights_, backend_, compile);
    if (recipe_.has_fixed_size()) {
      const engine::Shape shape = recipe_.output_shape();
      network.prepare(shape.height, shape.width);
    }
    return network;
  }

  Fingerprint fingerprint() const {
    return {{"weights", weights_.sha256()},
            {"recipe", recipe_.sha256()},
            {"images", sha256_of(manifest_.entries)},
            {"backend", std::string(backend_.name())},
            {"arithmetic", to_text(std::int64_t{engine::kContractVersion})}};
  }

  void forget_from_first_unreadable() {
    std::size_t readable = 0;
    bool all = true;
    journal_.for_each([&](const JournalEntry& entry) {
      all = all && entry.readable;
      if (all) ++readable;
    });
    journal_.truncate(readable);
  }

  // One image on its way: a tensor, then logits; or an error.
  struct Item {
    std::size_t index = 0;  // in the manifest
    std::optional<engine::Tensor> tensor;
    std::vector<float> logits;
    std::optional<Error> error;
  };

  Item load(std::size_t index) {
    Item item;
    item.index = index;
    try {
      item.tensor =
          image::load_input(path_of(index), recipe_, decoders_, manifest_.entries[index].context);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInternal) throw;
      item.error = error;
    }
    return item;
  }

  void compute(std::size_t first, const ShowProgress& progress) {
    const std::size_t total = manifest_.entries.size();
    const auto batch = static_cast<std::size_t>(options_.batch);
    OrderedLoader<Item> loader(first, total, workers_, batch + workers_,
                               [this](std::size_t index) { return load(index); });
    std::vector<Item> group;  // in order; those with a tensor have one size
    const auto finish_group = [&] {
      evaluate(group);
      record(group);
      group.clear();
      report(progress);
    };
    report(progress);
    for (std::size_t index = first; index < total; ++index) {
      Item item = loader.next();
      if (!same_size(group, item)) finish_group();
      group.push_back(std::move(item));
      if (group.size() == batch || index + 1 == total) finish_group();
    }
  }

  static bool same_size(const std::vector<Item>& group, const Item& item) {
    return std::all_of(group.begin(), group.end(), [&](const Item& other) {
      return !item.tensor || !other.tensor || item.tensor->dims() == other.tensor->dims();
    });
  }

  void report(const ShowProgress& progress) const {
    if (!progress) return;
    progress({static_cast<std::int64_t>(journal_.size()),
              static_cast<std::int64_t>(manifest_.entries.size())});
  }

  // Turns the tensors of a group into logits, or, if they are too small for the network, errors.
  void evaluate(std::vector<Item>& group) {
    std::vector<Item*> ready;
    std::vector<engine::Tensor> tensors;
    for (Item& item : group) {
      if (!item.tensor) continue;
      ready.push_back(&item);
      tensors.push_back(std::move(*item.tensor));
    }
    if (tensors.empty()) return;
    try {
      network_.prepare(tensors[0].dims()[2], tensors[0].dims()[3]);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kUsage) throw;
      for (Item* item : ready) {
        item->error = Error(ErrorKind::kBadFile, path_of(item->index).string(), error.what());
      }
      return;
    }
    auto logits = run_network(tensors, ready);
    for (std::size_t i = 0; i < ready.size(); ++i) ready[i]->logits = std::move(logits[i]);
  }

  // Where a number is not finite, finds out in which image: alone, it fails again.
  std::vector<std::vector<float>> run_network(std::span<const engine::Tensor> tensors,
                                              std::span<Item* const> items) {
    try {
      return network_.logits(tensors);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kNumeric) throw;
    }
    std::vector<std::vector<float>> logits;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      try {
        logits.push_back(network_.logits(tensors.subspan(i, 1))[0]);
      } catch (const Error& error) {
        throw Error(error.kind(), path_of(items[i]->index).string(), error.what());
      }
    }
    return logits;
  }

  // Puts a group into the journal; if strict, up to its first error, which is thrown.
  void record(const std::vector<Item>& group) {
    std::vector<JournalEntry> entries;
    for (const Item& item : group) {
      if (item.error && options_.strict) {
        journal_.append(entries);
        throw Error(*item.error);
      }
      entries.push_back(item.error ? unreadable(item) : row(item));
    }
    journal_.append(entries);
  }

  JournalEntry row(const Item& item) const {
    const ManifestEntry& entry = manifest_.entries[item.index];
    std::vector<std::string> fields{entry.image, entry.label, entry.patient};
    for (std::string& field : scores_.fields(item.logits)) fields.push_back(std::move(field));
    return {true, csv_line(fields)};
  }

  JournalEntry unreadable(const Item& item) const {
    const std::string reason = reason_of(*item.error, path_of(item.index));
    return {false, csv_line(std::vector<std::string>{manifest_.entries[item.index].image, reason})};
  }

  fs::path path_of(std::size_t index) const { return manifest_.path_of(manifest_.entries[index]); }

  // The journal as the two files, and what is in them.
  PredictSummary write_outputs() const {
    PredictSummary summary;
    AtomicFile output(options_.output);
    std::vector<std::string> columns{"image", "label", "patient"};
    for (std::string& name : scores_.columns()) columns.push_back(std::move(name));
    output.write(csv_line(columns));
    std::string errors;
    std::size_t index = 0;
    journal_.for_each([&](const JournalEntry& entry) {
      const std::string& label = manifest_.entries[index++].label;
      if (!entry.readable) {
        errors += entry.text;
        ++summary.unreadable;
        return;
      }
      output.write(entry.text);
      ++summary.images;
      if (!label.empty()) count_label(entry.text, label, summary);
    });
    summary.errors = write_errors(options_.output.parent_path(), errors);
    output.commit();
    return summary;
  }

  void count_label(const std::string& text, const std::string& label,
                   PredictSummary& summary) const {
    CsvReader reader(text, "journal");
    const auto fields = reader.next()->fields;
    const auto count = static_cast<std::size_t>(weights_.metadata().model.classes);
    const std::vector<float> logits = parse_logits(std::span(fields).subspan(3, count));
    const std::optional<bool> right = scores_.is_right(logits, label);
    summary.foreign += right ? 0 : 1;
    summary.labelled += right ? 1 : 0;
    summary.right += right.value_or(false) ? 1 : 0;
  }

  const PredictOptions& options_;
  weights::WeightsFile weights_;
  image::Recipe recipe_;
  std::size_t workers_;
  image::DecoderPool decoders_;  // before anything that starts threads
  Manifest manifest_;
  const engine::Backend& backend_;
  Network network_;
  Scores scores_;
  Journal journal_;
};

}  // namespace

PredictSummary predict(const PredictOptions& options, const ShowProgress& progress) {
  check_options(options);
  return Run(options).run(progress);
}

}  // namespace apatite::study
