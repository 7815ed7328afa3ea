#include "study/predict/predict.h"

#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/csv.h"
#include "base/error.h"
#include "base/file.h"
#include "image/input.h"
#include "study/predict/scores.h"
#include "study/run/compute_images.h"
#include "study/run/image_run.h"
#include "study/run/network.h"

namespace apatite::study {
namespace {

namespace fs = std::filesystem;

void check_options(const PredictOptions& options) {
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

// The logits as Scores::fields() wrote them.
std::vector<float> parse_logits(std::span<const std::string> fields) {
  std::vector<float> logits;
  for (const std::string& field : fields) {
    float& logit = logits.emplace_back();
    std::from_chars(field.data(), field.data() + field.size(), logit);
  }
  return logits;
}

class PredictTask final : public ImageTask<engine::Tensor, std::vector<float>> {
 public:
  explicit PredictTask(const PredictOptions& options)
      : options_(options),
        run_(options, {options.weights}),
        model_(run_.models().front()),
        network_(model_.weights(), run_.backend(), run_.compile_options()),
        scores_(metadata().model.classes, metadata().class_names) {
    // Refuses what can be refused before the first image is read.
    if (model_.recipe().has_fixed_size()) {
      const engine::Shape shape = model_.recipe().output_shape();
      network_.prepare(shape.height, shape.width);
    }
    run_.open_journal(options.output.string() + ".partial", {}, options.output.parent_path());
  }

  PredictSummary run(const ShowProgress& progress) {
    compute_images(run_, *this, static_cast<std::size_t>(options_.batch), progress);
    PredictSummary summary = write_outputs();
    run_.finish();
    return summary;
  }

  engine::Tensor load(const ListedImage& image) override {
    return image::load_input(image.path, model_.recipe(), model_.decoders(), image.entry.context);
  }

  [[nodiscard]] bool same_size(const engine::Tensor& a, const engine::Tensor& b) const override {
    return a.dims() == b.dims();
  }

  void prepare(const engine::Tensor& image) override {
    network_.prepare(image.dims()[2], image.dims()[3]);
  }

  std::vector<std::vector<float>> compute(std::span<const engine::Tensor* const> images) override {
    return network_.logits(images);
  }

  std::string record(const ListedImage& image, const engine::Tensor& /*loaded*/,
                     const std::vector<float>& logits) override {
    const ManifestEntry& entry = image.entry;
    std::vector<std::string> fields{entry.image, entry.label, entry.patient};
    for (std::string& field : scores_.fields(logits)) fields.push_back(std::move(field));
    return csv_line(fields);
  }

 private:
  [[nodiscard]] const weights::WeightsMetadata& metadata() const {
    return model_.weights().metadata();
  }

  [[nodiscard]] PredictSummary write_outputs() const {
    PredictSummary summary;
    AtomicFile output(options_.output);
    std::vector<std::string> columns{"image", "label", "patient"};
    for (std::string& name : scores_.columns()) columns.push_back(std::move(name));
    output.write(csv_line(columns));
    static_cast<RunSummary&>(summary) =
        run_.collect([&](const ListedImage& image, const std::string& row) {
          output.write(row);
          if (!image.entry.label.empty()) count_label(row, image.entry.label, summary);
        });
    output.commit();
    return summary;
  }

  void count_label(const std::string& row, const std::string& label,
                   PredictSummary& summary) const {
    CsvReader reader(row, "journal");
    const auto fields = reader.next()->fields;
    const auto count = static_cast<std::size_t>(metadata().model.classes);
    const std::vector<float> logits = parse_logits(std::span(fields).subspan(3, count));
    const std::optional<bool> right = scores_.is_right(logits, label);
    summary.foreign += right ? 0 : 1;
    summary.labelled += right ? 1 : 0;
    summary.right += right.value_or(false) ? 1 : 0;
  }

  const PredictOptions& options_;
  ImageRun run_;
  ImageModel& model_;
  Network network_;
  Scores scores_;
};

}  // namespace

PredictSummary predict(const PredictOptions& options, const ShowProgress& progress) {
  check_options(options);
  return PredictTask(options).run(progress);
}

}  // namespace apatite::study
