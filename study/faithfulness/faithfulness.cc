#include "study/faithfulness/faithfulness.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/csv.h"
#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/backends.h"
#include "engine/graph/contract.h"
#include "engine/runtime/threads.h"
#include "gradcam/map/resample.h"
#include "gradcam/trust/similarity.h"
#include "study/explain/class_target.h"
#include "study/faithfulness/faithfulness_report.h"
#include "study/faithfulness/figures_record.h"
#include "study/faithfulness/randomisation.h"
#include "study/faithfulness/region_of.h"
#include "study/run/image_run.h"
#include "study/run/journal.h"
#include "study/run/manifest.h"
#include "study/run/ordered_loader.h"

namespace apatite::study {
namespace {

namespace fs = std::filesystem;

// Streams of random numbers, so that none is used twice.
constexpr std::uint64_t kLots = 1;  // which of equal pixels goes first
constexpr std::uint64_t kRandomMap = 2;
constexpr std::uint64_t kBootstrap = 3;

void check_options(const FaithfulnessOptions& options) {
  check_batch_and_workers(options.batch, options.workers);
  check_between("steps", options.steps, 1, 1000);
  check_between("tolerance", options.tolerance, 0, 1000);
  check_between("random images", options.random_images, 0, 1'000'000);
  check_between("random stages", options.random_stages, 1, 1000);
  if (options.maps.methods.empty()) {
    throw Error(ErrorKind::kUsage, "method", "none is given", "pass one, e.g. gradcam");
  }
  if (options.output.empty()) {
    throw Error(ErrorKind::kUsage, "output", "no folder is given", "pass one with --output");
  }
}

// What is measured of one image: its maps and the random ones beside them.
struct NamedMap {
  std::string name;
  gradcam::SaliencyMap map;  // signed
};

class Run {
 public:
  explicit Run(const FaithfulnessOptions& options)
      : options_(options),
        manifest_(read_images(options.images)),
        backend_(options.backend.empty() ? *engine::backends().front()
                                         : engine::find_backend(options.backend)),
        compile_(compile_options()),
        workers_(image_workers(options.workers, compile_.threads)),
        model_({.weights = options.weights,
                .recipe = options.recipe,
                .maps = options.maps,
                .target = options.target,
                .settings = options.settings},
               backend_, compile_, workers_) {
    make_folder(options.output);
    journal_.emplace(options.output / "faithfulness.partial", fingerprint());
  }

  FaithfulnessSummary run(const ShowProgress& progress) {
    return run_with_journal(
        *journal_, manifest_, [&](std::size_t first) { measure(first, progress); },
        [&] { return write_outputs(); });
  }

 private:
  struct Item {
    std::optional<ModelInput> input;
    std::optional<gradcam::Region> region;
    std::optional<Error> error;
  };

  engine::CompileOptions compile_options() const {
    engine::CompileOptions compile;
    compile.threads = engine::resolve_threads(options_.threads);
    compile.isa = engine::resolve_isa(backend_, options_.isa);
    return compile;
  }

  Fingerprint fingerprint() const {
    std::vector<std::string> methods;
    for (const gradcam::Method method : options_.maps.methods)
      methods.emplace_back(gradcam::info_of(method).name);
    const gradcam::MethodSettings& settings = options_.settings;
    const auto number = [](std::int64_t value) { return to_text(value); };
    return {{"weights", model_.weights().sha256()},
            {"recipe", model_.recipe().sha256()},
            {"images", sha256_of(manifest_.entries)},
            {"backend", std::string(backend_.name())},
            {"arithmetic", number(engine::kContractVersion)},
            {"methods", join(methods)},
            {"layers", join(options_.maps.layers)},
            {"target", options_.target},
            {"settings", number(settings.path_steps) + " " + number(settings.smooth_samples) + " " +
                             to_text(settings.smooth_noise) + " " +
                             number(static_cast<std::int64_t>(settings.seed))},
            {"removal", std::string(gradcam::name_of(options_.removal)) + " " +
                            number(options_.steps) + " " + number(options_.tolerance)}};
  }

  fs::path path_of(std::size_t index) const { return manifest_.path_of(manifest_.entries[index]); }

  Item load(std::size_t index) {
    Item item;
    try {
      item.input = model_.load(path_of(index), manifest_.entries[index].context).input;
      item.region = region_of(manifest_, manifest_.entries[index], item.input->projection.source(),
                              [this](const fs::path& path) { return model_.decode(path); });
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInternal) throw;
      item.error = error;
    }
    return item;
  }

  void measure(std::size_t first, const ShowProgress& progress) {
    const std::size_t total = manifest_.entries.size();
    OrderedLoader<Item> loader(first, total, workers_, 2 * workers_,
                               [this](std::size_t index) { return load(index); });
    const auto report = [&] {
      if (!progress) return;
      progress({static_cast<std::int64_t>(journal_->size()), static_cast<std::int64_t>(total)});
    };
    report();
    for (std::size_t index = first; index < total; ++index) {
      const Item item = loader.next();
      journal_->append({entry_of(item, index)});
      report();
    }
  }

  JournalEntry entry_of(const Item& item, std::size_t index) {
    const ManifestEntry& entry = manifest_.entries[index];
    if (item.error) {
      return {false, csv_line(std::vector<std::string>{entry.image,
                                                       reason_of(*item.error, path_of(index))})};
    }
    try {
      return {true, record_of(figures_of(item, index))};
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kNumeric) throw;
      throw Error(error.kind(), path_of(index).string(), error.what());
    }
  }

  // The maps that were asked for, then the random ones.
  std::vector<NamedMap> maps_of(const gradcam::Explainer& explainer,
                                const gradcam::Explanation& explanation, std::size_t index) const {
    std::vector<NamedMap> maps;
    const gradcam::SaliencyMap* of_layer = nullptr;
    const gradcam::SaliencyMap* of_input = nullptr;
    for (std::size_t r = 0; r < explainer.requests().size(); ++r) {
      const gradcam::MapRequest& request = explainer.requests()[r];
      const bool is_of_layer = gradcam::info_of(request.method).of_layer;
      maps.push_back({map_name(explainer.graph(), request), explanation.maps[r]});
      const gradcam::SaliencyMap*& like = is_of_layer ? of_layer : of_input;
      if (like == nullptr) like = &explanation.maps[r];
    }
    if (of_layer != nullptr) maps.push_back({"random", random_map(*of_layer, index)});
    if (of_input != nullptr) maps.push_back({"random-pixels", random_map(*of_input, index)});
    return maps;
  }

  // Uniform cells of the size of `like`.
  gradcam::SaliencyMap random_map(const gradcam::SaliencyMap& like, std::size_t index) const {
    const std::uint64_t stream =
        random_stream(random_stream(options_.settings.seed, kRandomMap), index);
    gradcam::SaliencyMap map{like.height, like.width, {}};
    for (std::size_t i = 0; i < like.values.size(); ++i) {
      map.values.push_back(random_unit(stream, i));
    }
    return map;
  }

  ImageFigures figures_of(const Item& item, std::size_t index) {
    const ModelInput& input = *item.input;
    const image::Size size = input.projection.input();
    gradcam::Explainer& explainer = model_.explainer(size.height, size.width);
    const std::int64_t wanted = model_.target();
    const gradcam::Explanation explanation =
        std::move(explainer.explain(input.tensor, std::span(&wanted, 1))[0]);
    const ManifestEntry& entry = manifest_.entries[index];
    ImageFigures figures{.image = entry.image,
                         .label = entry.label,
                         .patient = entry.patient,
                         .target = class_name(explanation.target, model_.weights().metadata()),
                         .probability = probability_of(explanation.logits, explanation.target)};
    const std::vector<NamedMap> maps = maps_of(explainer, explanation, index);
    const engine::Tensor removed = gradcam::removed_image(input.tensor, options_.removal);
    const double removed_probability = probabilities(explainer, {removed}, explanation.target)[0];
    const std::uint64_t lots = random_stream(random_stream(options_.settings.seed, kLots), index);
    for (const NamedMap& named : maps) {
      MapFigures map{.map = named.name,
                     .state = std::string(gradcam::name_of(gradcam::summarize(named.map).state))};
      const auto order = gradcam::removal_order(
          gradcam::resize(gradcam::positive_part(named.map), size.height, size.width), lots);
      map.deletion = curve(explainer, input.tensor, removed, order, explanation.target,
                           figures.probability, removed_probability);
      map.insertion = curve(explainer, removed, input.tensor, order, explanation.target,
                            removed_probability, figures.probability);
      map.deletion_area = gradcam::area_under(map.deletion);
      map.insertion_area = gradcam::area_under(map.insertion);
      if (item.region) {
        const gradcam::Pointing pointing =
            gradcam::point(input.projection.to_source(named.map), *item.region, options_.tolerance);
        map.hit = pointing.hit;
        map.energy_inside = pointing.energy_inside;
      }
      figures.maps.push_back(std::move(map));
    }
    compare_maps(maps, explainer.requests().size(), size, figures);
    return figures;
  }

  // The class's probability as the pixels of `order` change from `base` to `other`; the two ends
  // are known.
  std::vector<double> curve(gradcam::Explainer& explainer, const engine::Tensor& base,
                            const engine::Tensor& other, const std::vector<std::size_t>& order,
                            std::int64_t target, double first, double last) const {
    const auto steps = static_cast<std::size_t>(options_.steps);
    std::vector<engine::Tensor> images;
    for (std::size_t step = 1; step < steps; ++step) {
      images.push_back(
          gradcam::with_pixels(base, other, order, gradcam::pixels_at(step, steps, order.size())));
    }
    std::vector<double> values{first};
    for (const double p : probabilities(explainer, images, target)) values.push_back(p);
    values.push_back(last);
    return values;
  }

  std::vector<double> probabilities(gradcam::Explainer& explainer,
                                    const std::vector<engine::Tensor>& images,
                                    std::int64_t target) const {
    std::vector<double> values;
    const auto batch = static_cast<std::size_t>(options_.batch);
    for (std::size_t first = 0; first < images.size(); first += batch) {
      const std::size_t count = std::min(batch, images.size() - first);
      engine::Dims dims = images[0].dims();
      dims[0] = static_cast<std::int64_t>(count);
      auto stacked = engine::Tensor::uninitialized(dims);
      float* to = stacked.data();
      for (std::size_t i = first; i < first + count; ++i) {
        to = std::copy_n(images[i].data(), images[i].size(), to);
      }
      for (const auto& logits : explainer.logits(stacked)) {
        values.push_back(probability_of(logits, target));
      }
    }
    return values;
  }

  // Every pair of the first `count` maps.
  static void compare_maps(const std::vector<NamedMap>& maps, std::size_t count, image::Size input,
                           ImageFigures& figures) {
    std::vector<gradcam::SaliencyMap> grids;
    for (std::size_t i = 0; i < count; ++i) grids.push_back(comparison_map(maps[i].map, input));
    for (std::size_t a = 0; a < count; ++a) {
      for (std::size_t b = a + 1; b < count; ++b) {
        figures.rank_correlation.push_back(gradcam::spearman(grids[a], grids[b]));
        figures.similarity.push_back(gradcam::structural_similarity(gradcam::normalized(grids[a]),
                                                                    gradcam::normalized(grids[b])));
      }
    }
  }

  // On the first readable images.
  std::vector<RandomisationFigures> randomise() {
    Randomisation check(model_, backend_, compile_, options_.settings, options_.random_stages);
    std::int64_t used = 0;
    for (std::size_t i = 0; i < manifest_.entries.size() && used < options_.random_images; ++i) {
      const Item item = load(i);
      if (item.error) continue;
      ++used;
      check.add(*item.input);
    }
    return check.figures();
  }

  FaithfulnessSummary write_outputs() {
    FaithfulnessSummary summary;
    Report report;
    report.seed = random_stream(options_.settings.seed, kBootstrap);
    std::string errors;
    std::size_t index = 0;
    journal_->for_each([&](const JournalEntry& entry) {
      const ManifestEntry& listed = manifest_.entries[index++];
      if (!entry.readable) {
        errors += entry.text;
        ++summary.unreadable;
        return;
      }
      report.images.push_back(figures_of_record(entry.text, listed));
    });
    summary.images = static_cast<std::int64_t>(report.images.size());
    const fs::path& folder = options_.output;
    summary.errors = write_errors(folder, errors);
    if (report.images.empty()) {
      throw Error(ErrorKind::kImage, options_.images.string(), "no image could be read",
                  "see errors.csv in " + folder.string());
    }
    name_random_maps(report);
    if (options_.random_images > 0) report.randomisation = randomise();
    Json json = to_json(report);
    summary.table = table_of(json);
    json["run"] = settings_json();
    write_file(folder / "faithfulness.csv", faithfulness_csv(report));
    write_file(folder / "curves.csv", curves_csv(report));
    const std::string removal(gradcam::name_of(options_.removal));
    write_file(folder / "deletion.svg", curve_svg(report, false, removal));
    write_file(folder / "insertion.svg", curve_svg(report, true, removal));
    if (!report.randomisation.empty()) {
      write_file(folder / "randomisation.svg", randomisation_svg(report));
    }
    write_file(folder / "faithfulness.json", to_text(json));
    return summary;
  }

  static void name_random_maps(Report& report) {
    for (const MapFigures& map : report.images[0].maps) {
      if (map.map.starts_with("random")) continue;
      const bool of_layer = map.map.find(" at ") != std::string::npos;
      report.random_of.emplace_back(of_layer ? "random" : "random-pixels");
    }
  }

  Json settings_json() const {
    return {{"weights_sha256", model_.weights().sha256()},
            {"recipe_sha256", model_.recipe().sha256()},
            {"images_sha256", sha256_of(manifest_.entries)},
            {"backend", backend_.name()},
            {"arithmetic", engine::kContractVersion},
            {"target", options_.target},
            {"baseline", gradcam::name_of(options_.removal)},
            {"steps", options_.steps},
            {"pointing_tolerance", options_.tolerance},
            {"randomised_images", options_.random_images},
            {"seed", options_.settings.seed},
            {"path_steps", options_.settings.path_steps},
            {"smooth_samples", options_.settings.smooth_samples},
            {"smooth_noise", options_.settings.smooth_noise}};
  }

  const FaithfulnessOptions& options_;
  Manifest manifest_;
  const engine::Backend& backend_;
  engine::CompileOptions compile_;
  std::size_t workers_;
  ExplainedModel model_;
  std::optional<Journal> journal_;
};

}  // namespace

FaithfulnessSummary faithfulness(const FaithfulnessOptions& options, const ShowProgress& progress) {
  check_options(options);
  return Run(options).run(progress);
}

}  // namespace apatite::study
