#include "study/faithfulness/faithfulness.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "engine/graph/contract.h"
#include "study/faithfulness/faithfulness_report.h"
#include "study/faithfulness/figures_record.h"
#include "study/faithfulness/measure_image.h"
#include "study/faithfulness/random_streams.h"
#include "study/faithfulness/randomisation.h"
#include "study/faithfulness/region_of.h"
#include "study/run/compute_images.h"
#include "study/run/image_run.h"

namespace apatite::study {
namespace {

namespace fs = std::filesystem;

void check_options(const FaithfulnessOptions& options) {
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

struct MeasuredImage {
  std::size_t index = 0;  // in the manifest
  ModelInput input;
  std::optional<gradcam::Region> region;
};

class FaithfulnessTask final : public ImageTask<MeasuredImage, ImageFigures> {
 public:
  explicit FaithfulnessTask(const FaithfulnessOptions& options)
      : options_(options),
        run_(options, {options.weights}),
        model_(run_.models().front(), wanted(), run_.backend(), run_.compile_options()) {
    make_folder(options.output);
    Fingerprint parts = fingerprint_of(wanted());
    parts.emplace_back("removal", std::string(gradcam::name_of(options.removal)) + " " +
                                      to_text(options.steps) + " " + to_text(options.tolerance));
    run_.open_journal(options.output / "faithfulness.partial", parts, options.output);
  }

  FaithfulnessSummary run(const ShowProgress& progress) {
    // The batches of the network are made of variants of one image.
    constexpr std::size_t kOneImage = 1;
    compute_images(run_, *this, kOneImage, progress);
    FaithfulnessSummary summary = write_outputs();
    run_.finish();
    return summary;
  }

  MeasuredImage load(const ListedImage& image) override {
    ModelInput input = model_.load(image.path, image.entry.context).input;
    std::optional<gradcam::Region> region =
        region_of(run_.manifest(), image.entry, input.projection.source(),
                  [this](const fs::path& path) { return model_.decode(path); });
    return {image.index, std::move(input), std::move(region)};
  }

  [[nodiscard]] bool same_size(const MeasuredImage& a, const MeasuredImage& b) const override {
    return a.input.tensor.dims() == b.input.tensor.dims();
  }

  void prepare(const MeasuredImage& image) override {
    const image::Size size = image.input.projection.input();
    static_cast<void>(model_.explainer(size.height, size.width));
  }

  std::vector<ImageFigures> compute(std::span<const MeasuredImage* const> images) override {
    std::vector<ImageFigures> figures;
    for (const MeasuredImage* image : images) {
      figures.push_back(
          measure_image(model_, options_, run_.image(image->index), image->input, image->region));
    }
    return figures;
  }

  std::string record(const ListedImage& /*image*/, const MeasuredImage& /*loaded*/,
                     const ImageFigures& figures) override {
    return record_of(figures);
  }

 private:
  [[nodiscard]] WantedMaps wanted() const {
    return {options_.maps, options_.target, options_.settings};
  }

  // On the first of these images.
  std::vector<RandomisationFigures> randomise(const std::vector<std::size_t>& readable) {
    Randomisation check(model_, run_.backend(), run_.compile_options(), options_.settings,
                        options_.random_stages);
    std::int64_t used = 0;
    for (const std::size_t index : readable) {
      if (used == options_.random_images) break;
      const ListedImage image = run_.image(index);
      try {
        check.add(model_.load(image.path, image.entry.context).input);
        ++used;
      } catch (const Error& error) {
        // Measured by an earlier run, and gone since.
        if (error.kind() != ErrorKind::kIo && error.kind() != ErrorKind::kBadFile) throw;
      }
    }
    return check.figures();
  }

  FaithfulnessSummary write_outputs() {
    FaithfulnessSummary summary;
    Report report;
    report.seed = stream_for(RandomPurpose::kBootstrap, options_.settings.seed);
    std::vector<std::size_t> readable;
    static_cast<RunSummary&>(summary) =
        run_.collect([&](const ListedImage& image, const std::string& record) {
          readable.push_back(image.index);
          report.images.push_back(figures_of_record(record, image.entry));
        });
    const fs::path& folder = options_.output;
    if (report.images.empty()) {
      throw Error(ErrorKind::kImage, options_.images.string(), "no image could be read",
                  "see errors.csv in " + folder.string());
    }
    name_random_maps(report);
    if (options_.random_images > 0) report.randomisation = randomise(readable);
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
            {"images_sha256", sha256_of(run_.manifest().entries)},
            {"backend", run_.backend().name()},
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
  ImageRun run_;
  ExplainedModel model_;
};

}  // namespace

FaithfulnessSummary faithfulness(const FaithfulnessOptions& options, const ShowProgress& progress) {
  check_options(options);
  return FaithfulnessTask(options).run(progress);
}

}  // namespace apatite::study
