#include "study/faithfulness.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/csv.h"
#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "base/text.h"
#include "engine/contract.h"
#include "engine/threads.h"
#include "gradcam/randomised_parameters.h"
#include "gradcam/resample.h"
#include "gradcam/similarity.h"
#include "study/class_target.h"
#include "study/explained_images.h"
#include "study/faithfulness_report.h"
#include "study/journal.h"
#include "study/manifest.h"
#include "study/ordered_loader.h"
#include "study/region_of.h"

namespace apatite {
namespace {

namespace fs = std::filesystem;

// Streams of random numbers, so that none is used twice.
constexpr std::uint64_t kLots = 1;  // which of equal pixels goes first
constexpr std::uint64_t kRandomMap = 2;
constexpr std::uint64_t kBootstrap = 3;
constexpr std::uint64_t kWeights = 4;

void check_options(const FaithfulnessOptions& options) {
  const auto check = [](std::string_view what, std::int64_t value, std::int64_t least,
                        std::int64_t most) {
    if (value >= least && value <= most) return;
    throw Error(ErrorKind::kUsage, what, to_text(value) + " is not possible",
                "pass " + to_text(least) + " to " + to_text(most));
  };
  check("batch", options.batch, 1, 4096);
  check("workers", options.workers, 0, 256);
  check("steps", options.steps, 1, 1000);
  check("tolerance", options.tolerance, 0, 1000);
  check("random images", options.random_images, 0, 1'000'000);
  check("random stages", options.random_stages, 1, 1000);
  if (options.maps.methods.empty()) {
    throw Error(ErrorKind::kUsage, "method", "none is given", "pass one, e.g. gradcam");
  }
  if (options.output.empty()) {
    throw Error(ErrorKind::kUsage, "output", "no folder is given", "pass one with --output");
  }
}

std::string numbers_text(const std::vector<double>& values) {
  std::vector<std::string> texts;
  for (const double value : values) texts.push_back(to_text(value));
  return join(texts, " ");
}

std::vector<double> parse_numbers(const std::string& text) {
  std::vector<double> values;
  for (const char* at = text.data(); at < text.data() + text.size(); ++at) {
    double& value = values.emplace_back();
    at = std::from_chars(at, text.data() + text.size(), value).ptr;
  }
  return values;
}

std::string optional_text(const std::optional<double>& value) {
  return value ? to_text(*value) : std::string("-");
}

std::vector<std::optional<double>> parse_optional_numbers(const std::string& text) {
  std::vector<std::optional<double>> values;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    values.push_back(word == "-" ? std::nullopt : std::optional(parse_numbers(word)[0]));
    at = end + 1;
  }
  return values;
}

// The journal's entry: a row of the image, then one per map; eight fields each.
std::string to_text(const ImageFigures& figures) {
  std::vector<std::string> ranks;
  std::vector<std::string> similarity;
  for (const auto& value : figures.rank_correlation) ranks.push_back(optional_text(value));
  for (const auto& value : figures.similarity) similarity.push_back(optional_text(value));
  std::string text =
      csv_line(std::vector<std::string>{figures.target, apatite::to_text(figures.probability),
                                        join(ranks, " "), join(similarity, " "), "", "", "", ""});
  for (const MapFigures& map : figures.maps) {
    text += csv_line(std::vector<std::string>{
        map.map, map.state, numbers_text(map.deletion), numbers_text(map.insertion),
        apatite::to_text(map.deletion_area), apatite::to_text(map.insertion_area),
        map.hit ? std::string(*map.hit ? "1" : "0") : std::string(),
        map.energy_inside ? apatite::to_text(*map.energy_inside) : std::string()});
  }
  return text;
}

ImageFigures figures_from_text(const std::string& text, const ManifestEntry& entry) {
  CsvReader reader(text, "journal");
  const std::vector<std::string> head = reader.next()->fields;
  ImageFigures figures{.image = entry.image,
                       .label = entry.label,
                       .patient = entry.patient,
                       .target = head[0],
                       .probability = parse_numbers(head[1]).at(0),
                       .rank_correlation = parse_optional_numbers(head[2]),
                       .similarity = parse_optional_numbers(head[3])};
  while (const auto row = reader.next()) {
    const std::vector<std::string>& fields = row->fields;
    MapFigures map{.map = fields[0],
                   .state = fields[1],
                   .deletion = parse_numbers(fields[2]),
                   .insertion = parse_numbers(fields[3]),
                   .deletion_area = parse_numbers(fields[4]).at(0),
                   .insertion_area = parse_numbers(fields[5]).at(0)};
    if (!fields[6].empty()) map.hit = fields[6] == "1";
    if (!fields[7].empty()) map.energy_inside = parse_numbers(fields[7]).at(0);
    figures.maps.push_back(std::move(map));
  }
  return figures;
}

// What is measured of one image: its maps and the random ones beside them.
struct NamedMap {
  std::string name;
  SaliencyMap map;  // signed
};

class Run {
 public:
  explicit Run(const FaithfulnessOptions& options)
      : options_(options),
        manifest_(read_images(options.images)),
        backend_(options.backend.empty() ? *backends().front() : find_backend(options.backend)),
        compile_(compile_options()),
        workers_(static_cast<std::size_t>(options.workers > 0 ? options.workers
                                                              : std::max(1, compile_.threads / 2))),
        model_({.weights = options.weights,
                .recipe = options.recipe,
                .maps = options.maps,
                .target = options.target,
                .settings = options.settings},
               backend_, compile_, workers_) {
    make_folder(options.output);
    journal_.emplace(options.output / "faithfulness.partial", fingerprint());
  }

  FaithfulnessSummary run(const std::function<void(const FaithfulnessProgress&)>& progress) {
    const std::size_t resumed = journal_->size();
    measure(resumed, progress);
    FaithfulnessSummary summary = write_outputs();
    summary.resumed = static_cast<std::int64_t>(resumed);
    summary.skipped = manifest_.skipped;
    journal_->remove();
    return summary;
  }

 private:
  struct Item {
    std::optional<ModelInput> input;
    std::optional<Region> region;
    std::optional<Error> error;
  };

  CompileOptions compile_options() const {
    CompileOptions compile;
    compile.threads = resolve_threads(options_.threads);
    compile.isa = resolve_isa(backend_, options_.isa);
    return compile;
  }

  Fingerprint fingerprint() const {
    std::vector<std::string> methods;
    for (const Method method : options_.maps.methods) methods.emplace_back(info_of(method).name);
    const MethodSettings& settings = options_.settings;
    const auto number = [](std::int64_t value) { return apatite::to_text(value); };
    return {{"weights", model_.weights().sha256()},
            {"recipe", model_.recipe().sha256()},
            {"images", sha256_of(manifest_.entries)},
            {"backend", std::string(backend_.name())},
            {"arithmetic", number(kContractVersion)},
            {"methods", join(methods)},
            {"layers", join(options_.maps.layers)},
            {"target", options_.target},
            {"settings", number(settings.path_steps) + " " + number(settings.smooth_samples) + " " +
                             apatite::to_text(settings.smooth_noise) + " " +
                             number(static_cast<std::int64_t>(settings.seed))},
            {"removal", std::string(name_of(options_.removal)) + " " + number(options_.steps) +
                            " " + number(options_.tolerance)}};
  }

  fs::path path_of(std::size_t index) const { return manifest_.path_of(manifest_.entries[index]); }

  Item load(std::size_t index) {
    Item item;
    try {
      item.input = model_.load(path_of(index), manifest_.entries[index].context).input;
      item.region = region_of(manifest_, manifest_.entries[index], item.input->projection.source());
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInternal) throw;
      item.error = error;
    }
    return item;
  }

  void measure(std::size_t first,
               const std::function<void(const FaithfulnessProgress&)>& progress) {
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
      return {true, to_text(figures_of(item, index))};
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kNumeric) throw;
      throw Error(error.kind(), path_of(index).string(), error.what());
    }
  }

  // The maps that were asked for, then the random ones.
  std::vector<NamedMap> maps_of(const Explainer& explainer, const Explanation& explanation,
                                std::size_t index) const {
    std::vector<NamedMap> maps;
    const SaliencyMap* of_layer = nullptr;
    const SaliencyMap* of_input = nullptr;
    for (std::size_t r = 0; r < explainer.requests().size(); ++r) {
      const MapRequest& request = explainer.requests()[r];
      const bool is_of_layer = info_of(request.method).of_layer;
      std::string name(info_of(request.method).name);
      if (is_of_layer) name += " at " + explainer.graph().node(request.layer).name;
      maps.push_back({std::move(name), explanation.maps[r]});
      const SaliencyMap*& like = is_of_layer ? of_layer : of_input;
      if (like == nullptr) like = &explanation.maps[r];
    }
    if (of_layer != nullptr) maps.push_back({"random", random_map(*of_layer, index)});
    if (of_input != nullptr) maps.push_back({"random-pixels", random_map(*of_input, index)});
    return maps;
  }

  // Uniform cells of the size of `like`.
  SaliencyMap random_map(const SaliencyMap& like, std::size_t index) const {
    const std::uint64_t stream =
        random_stream(random_stream(options_.settings.seed, kRandomMap), index);
    SaliencyMap map{like.height, like.width, {}};
    for (std::size_t i = 0; i < like.values.size(); ++i) {
      map.values.push_back(random_unit(stream, i));
    }
    return map;
  }

  ImageFigures figures_of(const Item& item, std::size_t index) {
    const ModelInput& input = *item.input;
    const PixelSize size = input.projection.input();
    Explainer& explainer = model_.explainer(size.height, size.width);
    const std::int64_t wanted = model_.target();
    const Explanation explanation =
        std::move(explainer.explain(input.tensor, std::span(&wanted, 1))[0]);
    const ManifestEntry& entry = manifest_.entries[index];
    ImageFigures figures{.image = entry.image,
                         .label = entry.label,
                         .patient = entry.patient,
                         .target = class_name(explanation.target, model_.weights().metadata()),
                         .probability = probability_of(explanation.logits, explanation.target)};
    const std::vector<NamedMap> maps = maps_of(explainer, explanation, index);
    const Tensor removed = removed_image(input.tensor, options_.removal);
    const double removed_probability = probabilities(explainer, {removed}, explanation.target)[0];
    const std::uint64_t lots = random_stream(random_stream(options_.settings.seed, kLots), index);
    for (const NamedMap& named : maps) {
      MapFigures map{.map = named.name, .state = std::string(name_of(summarize(named.map).state))};
      const auto order =
          removal_order(resize(positive_part(named.map), size.height, size.width), lots);
      map.deletion = curve(explainer, input.tensor, removed, order, explanation.target,
                           figures.probability, removed_probability);
      map.insertion = curve(explainer, removed, input.tensor, order, explanation.target,
                            removed_probability, figures.probability);
      map.deletion_area = area_under(map.deletion);
      map.insertion_area = area_under(map.insertion);
      if (item.region) {
        const Pointing pointing =
            point(input.projection.to_source(named.map), *item.region, options_.tolerance);
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
  std::vector<double> curve(Explainer& explainer, const Tensor& base, const Tensor& other,
                            const std::vector<std::size_t>& order, std::int64_t target,
                            double first, double last) const {
    const auto steps = static_cast<std::size_t>(options_.steps);
    std::vector<Tensor> images;
    for (std::size_t step = 1; step < steps; ++step) {
      images.push_back(with_pixels(base, other, order, pixels_at(step, steps, order.size())));
    }
    std::vector<double> values{first};
    for (const double p : probabilities(explainer, images, target)) values.push_back(p);
    values.push_back(last);
    return values;
  }

  std::vector<double> probabilities(Explainer& explainer, const std::vector<Tensor>& images,
                                    std::int64_t target) const {
    std::vector<double> values;
    const auto batch = static_cast<std::size_t>(options_.batch);
    for (std::size_t first = 0; first < images.size(); first += batch) {
      const std::size_t count = std::min(batch, images.size() - first);
      Dims dims = images[0].dims();
      dims[0] = static_cast<std::int64_t>(count);
      auto stacked = Tensor::uninitialized(dims);
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

  static SaliencyMap on_grid(const SaliencyMap& map, PixelSize input) {
    const GridSize grid = comparison_grid(input.height, input.width);
    return resize(map, grid.height, grid.width);
  }

  // Every pair of the first `count` maps.
  static void compare_maps(const std::vector<NamedMap>& maps, std::size_t count, PixelSize input,
                           ImageFigures& figures) {
    std::vector<SaliencyMap> grids;
    for (std::size_t i = 0; i < count; ++i) grids.push_back(on_grid(maps[i].map, input));
    for (std::size_t a = 0; a < count; ++a) {
      for (std::size_t b = a + 1; b < count; ++b) {
        figures.rank_correlation.push_back(spearman(grids[a], grids[b]));
        figures.similarity.push_back(
            structural_similarity(normalized(grids[a]), normalized(grids[b])));
      }
    }
  }

  // The cascade on the first readable images, stage by stage: one stage's weights in memory.
  std::vector<RandomisationFigures> randomise() {
    std::vector<RandomisationFigures> figures;
    std::int64_t used = 0;
    for (std::size_t i = 0; i < manifest_.entries.size() && used < options_.random_images; ++i) {
      const Item item = load(i);
      if (item.error) continue;
      ++used;
      randomise_one(*item.input, figures);
    }
    return figures;
  }

  void randomise_one(const ModelInput& input, std::vector<RandomisationFigures>& figures) {
    const PixelSize size = input.projection.input();
    Explainer& explainer = model_.explainer(size.height, size.width);
    const std::int64_t wanted = model_.target();
    const Explanation truth = std::move(explainer.explain(input.tensor, std::span(&wanted, 1))[0]);
    std::vector<Explainer>& cascade = cascade_for(size);
    const bool is_first = figures.empty();
    for (std::size_t s = 0; s < cascade.size(); ++s) {
      const Explanation random =
          std::move(cascade[s].explain(input.tensor, std::span(&truth.target, 1))[0]);
      for (std::size_t r = 0; r < truth.maps.size(); ++r) {
        if (is_first && s == 0) {
          figures.push_back({map_name(explainer, r), {}});
        }
        if (is_first) figures[r].stages.push_back({stages_[s].name, {}, {}, 0});
        auto& stage = figures[r].stages[s];
        const SaliencyMap own = on_grid(truth.maps[r], size);
        const SaliencyMap other = on_grid(random.maps[r], size);
        if (const auto rank = spearman(own, other)) stage.rank_correlation.push_back(*rank);
        const auto ssim = structural_similarity(normalized(own), normalized(other));
        if (ssim) stage.similarity.push_back(*ssim);
        if (summarize(random.maps[r]).state != MapState::kPositive) ++stage.without_evidence;
      }
    }
  }

  static std::string map_name(const Explainer& explainer, std::size_t r) {
    const MapRequest& request = explainer.requests()[r];
    std::string name(info_of(request.method).name);
    if (info_of(request.method).of_layer) {
      name += " at " + explainer.graph().node(request.layer).name;
    }
    return name;
  }

  // Networks with random weights for inputs of one size, the last that was asked for.
  std::vector<Explainer>& cascade_for(PixelSize size) {
    if (cascade_size_ == size) return cascade_;
    const Explainer& own = model_.explainer(size.height, size.width);
    cascade_.clear();
    sources_.clear();
    stages_ = randomised_stages(own.graph(), options_.random_stages);
    for (const RandomisedStage& stage : stages_) {
      sources_.push_back(std::make_unique<RandomisedParameters>(
          model_.weights(), stage, random_stream(options_.settings.seed, kWeights)));
      cascade_.emplace_back(own.graph(), *sources_.back(), backend_, compile_, own.requests(),
                            options_.settings);
    }
    cascade_size_ = size;
    return cascade_;
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
      report.images.push_back(figures_from_text(entry.text, listed));
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
    Json json = apatite::to_json(report);
    summary.table = table_of(json);
    json["run"] = settings_json();
    write_file(folder / "faithfulness.csv", faithfulness_csv(report));
    write_file(folder / "curves.csv", curves_csv(report));
    const std::string removal(name_of(options_.removal));
    write_file(folder / "deletion.svg", curve_svg(report, false, removal));
    write_file(folder / "insertion.svg", curve_svg(report, true, removal));
    if (!report.randomisation.empty()) {
      write_file(folder / "randomisation.svg", randomisation_svg(report));
    }
    write_file(folder / "faithfulness.json", apatite::to_text(json));
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
            {"arithmetic", kContractVersion},
            {"target", options_.target},
            {"baseline", name_of(options_.removal)},
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
  const Backend& backend_;
  CompileOptions compile_;
  std::size_t workers_;
  ExplainedModel model_;
  std::optional<Journal> journal_;
  PixelSize cascade_size_{};
  std::vector<RandomisedStage> stages_;
  std::vector<std::unique_ptr<RandomisedParameters>> sources_;
  std::vector<Explainer> cascade_;
};

}  // namespace

FaithfulnessSummary faithfulness(const FaithfulnessOptions& options,
                                 const std::function<void(const FaithfulnessProgress&)>& progress) {
  check_options(options);
  return Run(options).run(progress);
}

}  // namespace apatite
