#include "study/explain/explain.h"

#include <algorithm>
#include <charconv>
#include <list>
#include <optional>
#include <span>
#include <utility>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/csv.h"
#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "engine/backends.h"
#include "engine/graph/contract.h"
#include "engine/runtime/threads.h"
#include "gradcam/map/resample.h"
#include "gradcam/picture/render.h"
#include "image/codec/npy.h"
#include "image/codec/png.h"
#include "study/explain/class_target.h"
#include "study/explain/contact_sheet.h"
#include "study/explain/explanation_files.h"
#include "study/explain/explanation_writer.h"
#include "study/run/image_run.h"
#include "study/run/journal.h"
#include "study/run/manifest.h"
#include "study/run/ordered_loader.h"

namespace apatite::study {
namespace {

namespace fs = std::filesystem;

void check_options(const ExplainOptions& options) {
  check_batch_and_workers(options.batch, options.workers);
  check_between("thumbnails", options.thumbnails, 0, 100'000);
  if (options.weights.empty()) {
    throw Error(ErrorKind::kUsage, "weights", "no file is given", "pass one with --weights");
  }
  if (options.maps.methods.empty()) {
    throw Error(ErrorKind::kUsage, "method", "none is given", "pass one, e.g. gradcam");
  }
  if (!(options.alpha >= 0 && options.alpha <= 1)) {
    throw Error(ErrorKind::kUsage, "alpha", to_text(options.alpha) + " is not possible",
                "pass 0 (the source alone) to 1");
  }
  if (options.output.empty()) {
    throw Error(ErrorKind::kUsage, "output", "no folder is given", "pass one with --output");
  }
}

// Different weights files have different names here: the stem, with a number if it is taken.
std::vector<std::string> model_names(const std::vector<fs::path>& weights) {
  std::vector<std::string> names;
  for (const fs::path& path : weights) {
    const std::string stem = file_part(path.stem().string());
    std::string name = stem;
    for (std::int64_t i = 2; std::find(names.begin(), names.end(), name) != names.end(); ++i) {
      name = stem + "-" + to_text(i);
    }
    names.push_back(name);
  }
  return names;
}

class Run {
 public:
  explicit Run(const ExplainOptions& options)
      : options_(options),
        manifest_(read_images(options.images)),
        backend_(options.backend.empty() ? *engine::backends().front()
                                         : engine::find_backend(options.backend)) {
    static_cast<void>(gradcam::find_colour_map(options.colours));
    engine::CompileOptions compile;
    compile.threads = engine::resolve_threads(options.threads);
    compile.isa = engine::resolve_isa(backend_, options.isa);
    workers_ = image_workers(options.workers, compile.threads);
    for (const fs::path& weights : options.weights) {
      models_.emplace_back(ModelChoice{.weights = weights,
                                       .recipe = options.recipe,
                                       .maps = options.maps,
                                       .target = options.target,
                                       .settings = options.settings},
                           backend_, compile, workers_);
    }
    writer_.emplace(options, identities(), std::string(backend_.name()), manifest_.entries.size());
    make_folder(options.output / "maps");
    output_ = options.output;
    journal_.emplace(output_ / "explain.partial", fingerprint());
  }

  ExplainSummary run(const ShowProgress& progress) {
    return run_with_journal(
        *journal_, manifest_, [&](std::size_t first) { compute(first, progress); },
        [&] { return write_outputs(); });
  }

 private:
  // One image on its way: pictures and tensors, then explanations, then what the journal keeps.
  struct Item {
    std::size_t index = 0;  // in the manifest
    std::optional<image::Image> display;
    std::vector<ModelInput> inputs;                     // one per model
    std::vector<const gradcam::Explainer*> explainers;  // one per model
    std::vector<gradcam::Explanation> explanations;     // one per model
    std::optional<Error> error;
    JournalEntry entry;
  };

  std::vector<ModelIdentity> identities() const {
    const std::vector<std::string> names = model_names(options_.weights);
    std::vector<ModelIdentity> identities;
    for (const ExplainedModel& model : models_) {
      const weights::WeightsFile& weights = model.weights();
      identities.push_back({.name = names[identities.size()],
                            .metadata = &weights.metadata(),
                            .weights_sha256 = weights.sha256(),
                            .recipe_sha256 = model.recipe().sha256()});
    }
    return identities;
  }

  Fingerprint fingerprint() const {
    Fingerprint parts;
    for (const ModelIdentity& model : writer_->models()) {
      parts.emplace_back("weights", model.weights_sha256);
      parts.emplace_back("recipe", model.recipe_sha256);
    }
    const gradcam::MethodSettings& settings = options_.settings;
    std::vector<std::string> methods;
    for (const gradcam::Method method : options_.maps.methods)
      methods.emplace_back(gradcam::info_of(method).name);
    parts.emplace_back("images", sha256_of(manifest_.entries));
    parts.emplace_back("backend", std::string(backend_.name()));
    parts.emplace_back("arithmetic", to_text(std::int64_t{engine::kContractVersion}));
    parts.emplace_back("methods", join(methods));
    parts.emplace_back("layers", join(options_.maps.layers));
    parts.emplace_back("target", options_.target);
    parts.emplace_back("settings", to_text(settings.path_steps) + " " +
                                       to_text(settings.smooth_samples) + " " +
                                       to_text(settings.smooth_noise) + " " +
                                       to_text(static_cast<std::int64_t>(settings.seed)) + " " +
                                       (options_.keep_sign ? "signed" : "positive"));
    parts.emplace_back("pictures", std::string(name_of(options_.size)) + " " + options_.colours +
                                       " " + to_text(options_.alpha) + " " +
                                       (options_.panel ? "panel " : "") +
                                       to_text(options_.thumbnails));
    return parts;
  }

  fs::path path_of(std::size_t index) const { return manifest_.path_of(manifest_.entries[index]); }

  Item load(std::size_t index) {
    Item item;
    item.index = index;
    try {
      for (ExplainedModel& model : models_) {
        LoadedImage loaded = model.load(path_of(index), manifest_.entries[index].context);
        item.inputs.push_back(std::move(loaded.input));
        if (!item.display) item.display = std::move(loaded.display);
      }
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
    std::vector<Item> group;  // in order; those that are readable have inputs of one size
    const auto report = [&] {
      if (!progress) return;
      progress({static_cast<std::int64_t>(journal_->size()), static_cast<std::int64_t>(total)});
    };
    const auto finish_group = [&] {
      const std::optional<Error> stop = options_.strict ? cut_at_first_error(group) : std::nullopt;
      explain_group(group);
      for_all(group.size(), workers_, [&](std::size_t i) { write_item(group[i]); });
      record(group);
      group.clear();
      report();
      if (stop) throw Error(*stop);
    };
    report();
    for (std::size_t index = first; index < total; ++index) {
      Item item = loader.next();
      if (!same_sizes(group, item)) finish_group();
      group.push_back(std::move(item));
      if (group.size() == batch || index + 1 == total) finish_group();
    }
  }

  // The first error of a group; it and what follows it leave the group.
  static std::optional<Error> cut_at_first_error(std::vector<Item>& group) {
    const auto first = std::find_if(group.begin(), group.end(),
                                    [](const Item& item) { return item.error.has_value(); });
    if (first == group.end()) return std::nullopt;
    std::optional<Error> error = first->error;
    group.erase(first, group.end());
    return error;
  }

  static bool same_sizes(const std::vector<Item>& group, const Item& item) {
    return std::all_of(group.begin(), group.end(), [&](const Item& other) {
      return item.error || other.error ||
             std::equal(item.inputs.begin(), item.inputs.end(), other.inputs.begin(),
                        [](const ModelInput& a, const ModelInput& b) {
                          return a.tensor.dims() == b.tensor.dims();
                        });
    });
  }

  void explain_group(std::vector<Item>& group) {
    std::vector<Item*> ready;
    for (Item& item : group) {
      if (!item.error) ready.push_back(&item);
    }
    for (std::size_t m = 0; m < models_.size() && !ready.empty(); ++m) {
      const engine::Dims& dims = ready[0]->inputs[m].tensor.dims();
      gradcam::Explainer* explainer = nullptr;
      try {
        explainer = &models_at(m).explainer(dims[2], dims[3]);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kUsage) throw;
        // Too small for the network or for the layer: the image's fault, not the run's, unless no
        // image fits (the recipe fixes the size: then the constructor has thrown).
        for (Item* item : ready) {
          item->error = Error(ErrorKind::kBadFile, path_of(item->index).string(), error.what());
        }
        return;
      }
      std::vector<gradcam::Explanation> explanations = run_model(*explainer, m, ready);
      for (std::size_t i = 0; i < ready.size(); ++i) {
        ready[i]->explanations.push_back(std::move(explanations[i]));
        ready[i]->explainers.push_back(explainer);
      }
    }
  }

  ExplainedModel& models_at(std::size_t m) {
    return *std::next(models_.begin(), std::ptrdiff_t(m));
  }

  // Where a number is not finite, finds out in which image: alone, it fails again.
  std::vector<gradcam::Explanation> run_model(gradcam::Explainer& explainer, std::size_t m,
                                              const std::vector<Item*>& items) {
    const std::vector<std::int64_t> targets(items.size(), models_at(m).target());
    try {
      return explainer.explain(stack(items, m), targets);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kNumeric) throw;
    }
    std::vector<gradcam::Explanation> explanations;
    for (Item* item : items) {
      try {
        explanations.push_back(
            std::move(explainer.explain(stack({item}, m), std::span(targets).first(1))[0]));
      } catch (const Error& error) {
        throw Error(error.kind(), path_of(item->index).string(), error.what());
      }
    }
    return explanations;
  }

  static engine::Tensor stack(const std::vector<Item*>& items, std::size_t m) {
    engine::Dims dims = items[0]->inputs[m].tensor.dims();
    dims[0] = static_cast<std::int64_t>(items.size());
    auto batch = engine::Tensor::uninitialized(dims);
    float* to = batch.data();
    for (const Item* item : items) {
      const engine::Tensor& tensor = item->inputs[m].tensor;
      to = std::copy_n(tensor.data(), tensor.size(), to);
    }
    return batch;
  }

  // Everything that is known of one image's maps, model by model.
  std::vector<ExplainedMap> maps_of(const Item& item) const {
    const ManifestEntry& entry = manifest_.entries[item.index];
    std::vector<ExplainedMap> maps;
    std::size_t m = 0;
    for (const ExplainedModel& model : models_) {
      const gradcam::Explanation& explanation = item.explanations[m];
      const gradcam::Explainer& explainer = *item.explainers[m];
      for (std::size_t r = 0; r < explainer.requests().size(); ++r) {
        const gradcam::MapRequest& request = explainer.requests()[r];
        const engine::Node& layer = explainer.graph().node(request.layer);
        maps.push_back({.image = entry.image,
                        .model = m,
                        .method = std::string(gradcam::info_of(request.method).name),
                        .layer = layer.name,
                        .layer_shape = layer.shape,
                        .target = explanation.target,
                        .target_name = class_name(explanation.target, model.weights().metadata()),
                        .target_predicted = model.target() == engine::kPredicted,
                        .score = explanation.score,
                        .probability = probability_of(explanation.logits, explanation.target),
                        .logits = explanation.logits,
                        .map = explanation.maps[r],
                        .projection = &item.inputs[m].projection});
      }
      ++m;
    }
    return maps;
  }

  // Files first, then the journal's entry: what is in the journal is on the disk.
  void write_item(Item& item) const {
    const ManifestEntry& entry = manifest_.entries[item.index];
    if (item.error) {
      const std::string reason = reason_of(*item.error, path_of(item.index));
      item.entry = {false, csv_line(std::vector<std::string>{entry.image, reason})};
      return;
    }
    item.entry = {true, writer_->write(entry, item.index, maps_of(item), *item.display)};
  }

  void record(std::vector<Item>& group) {
    std::vector<JournalEntry> entries;
    entries.reserve(group.size());
    for (Item& item : group) entries.push_back(std::move(item.entry));
    journal_->append(entries);
  }

  ExplainSummary write_outputs() const {
    ExplainSummary summary;
    AtomicFile table(output_ / "explanations.csv");
    table.write(csv_line(explanation_columns()));
    std::string errors;
    std::vector<SheetRow> sheet;
    std::size_t index = 0;
    journal_->for_each([&](const JournalEntry& entry) {
      const ManifestEntry& listed = manifest_.entries[index++];
      if (!entry.readable) {
        errors += entry.text;
        ++summary.unreadable;
        return;
      }
      ++summary.images;
      sheet.push_back(read_rows(entry.text, listed, table, summary));
    });
    summary.errors = write_errors(output_, errors);
    write_file(output_ / "index.html", contact_sheet("Explanations", facts(summary), sheet));
    table.commit();
    return summary;
  }

  // One image's entry of the journal: its rows go to `table`, the last one to the sheet.
  static SheetRow read_rows(const std::string& text, const ManifestEntry& listed, AtomicFile& table,
                            ExplainSummary& summary) {
    CsvReader reader(text, "journal");
    std::vector<std::vector<std::string>> rows;
    while (auto row = reader.next()) rows.push_back(std::move(row->fields));
    const std::vector<std::string> sheet = std::move(rows.back());
    rows.pop_back();
    for (const auto& row : rows) {
      table.write(csv_line(row));
      ++summary.maps;
      if (row[kStateColumn] != gradcam::name_of(gradcam::MapState::kPositive))
        ++summary.without_evidence;
    }
    const std::vector<std::string>& first = rows.front();
    return {.image = listed.image,
            .label = listed.label,
            .predicted = sheet[0],
            .explained = first[kClassColumn],
            .score = number_of(first[kScoreColumn]),
            .probability = number_of(first[kScoreColumn + 1]),
            .note = sheet[1],
            .picture = sheet[2],
            .thumbnail = sheet[3]};
  }

  static double number_of(const std::string& text) {
    double value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  std::vector<std::string> facts(const ExplainSummary& summary) const {
    std::vector<std::string> methods;
    for (const gradcam::Method method : options_.maps.methods)
      methods.emplace_back(gradcam::info_of(method).name);
    std::vector<std::string> lines{
        "models: " + join(model_names(options_.weights)), "methods: " + join(methods),
        "layers: " + (options_.maps.layers.empty() ? "the default" : join(options_.maps.layers)),
        "class: " + options_.target,
        with_thousands(summary.images) + " images, " + with_thousands(summary.maps) + " maps, " +
            with_thousands(summary.without_evidence) + " of them without evidence to show"};
    if (summary.images > options_.thumbnails) {
      lines.push_back("thumbnails of the first " + with_thousands(options_.thumbnails) +
                      " images; the others open by their link");
    }
    return lines;
  }

  static constexpr std::size_t kClassColumn = 6;
  static constexpr std::size_t kScoreColumn = 7;
  static constexpr std::size_t kStateColumn = 9;

  const ExplainOptions& options_;
  Manifest manifest_;
  const engine::Backend& backend_;
  std::list<ExplainedModel> models_;
  std::optional<ExplanationWriter> writer_;
  std::size_t workers_ = 1;
  fs::path output_;
  std::optional<Journal> journal_;
};

}  // namespace

ExplainSummary explain(const ExplainOptions& options, const ShowProgress& progress) {
  check_options(options);
  return Run(options).run(progress);
}

}  // namespace apatite::study
