#include "study/explain/explanation_writer.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/base64.h"
#include "base/bytes.h"
#include "base/csv.h"
#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "engine/graph/contract.h"
#include "engine/graph/score.h"
#include "gradcam/map/resample.h"
#include "image/codec/npy.h"
#include "image/codec/png.h"
#include "study/explain/class_target.h"

namespace apatite::study {
namespace {

namespace fs = std::filesystem;

// Source and overlays in small.
std::string thumbnail(const std::vector<ExplainedMap>& maps, const image::Image& display,
                      const gradcam::MapStyle& style) {
  constexpr std::int64_t kLeast = 96;
  constexpr std::int64_t kMost = 160;
  constexpr std::int64_t kGap = 3;
  const image::Size size = gradcam::panel_size({display.height, display.width}, kLeast, kMost);
  const image::Image small = gradcam::fit(display, size);
  const auto pictures = static_cast<std::int64_t>(maps.size()) + 1;
  gradcam::Canvas canvas(size.height, pictures * (size.width + kGap) - kGap, gradcam::kPureWhite);
  canvas.paste(small, 0, 0);
  std::int64_t left = size.width + kGap;
  for (const ExplainedMap& explained : maps) {
    canvas.paste(gradcam::blend(small, explained.map, *explained.projection, style), 0, left);
    left += size.width + kGap;
  }
  return base64(image::encode_png(canvas.image()));
}

}  // namespace

std::string_view name_of(MapSize size) {
  switch (size) {
    case MapSize::kInput:
      return "input";
    case MapSize::kSource:
      return "source";
    default:
      return "layer";
  }
}

ExplanationWriter::ExplanationWriter(const ExplainOptions& options,
                                     std::vector<ModelIdentity> models, std::string backend,
                                     std::size_t images)
    : options_(options),
      style_{&gradcam::find_colour_map(options.colours), options.alpha},
      models_(std::move(models)),
      backend_(std::move(backend)),
      images_(images) {}

Json ExplanationWriter::provenance_of(const ExplainedMap& explained) const {
  const ModelIdentity& model = models_[explained.model];
  Json json{{"explanation", 1},
            {"architecture", model.metadata->model.architecture},
            {"weights_sha256", model.weights_sha256},
            {"recipe_sha256", model.recipe_sha256},
            {"backend", backend_},
            {"arithmetic", engine::kContractVersion},
            {"signed", options_.keep_sign}};
  const gradcam::MethodSettings& settings = options_.settings;
  if (explained.method == gradcam::info_of(gradcam::Method::kIntegratedGradients).name) {
    json["settings"] = {{"baseline", "zero"}, {"path_steps", settings.path_steps}};
  } else if (explained.method == gradcam::info_of(gradcam::Method::kSmoothGrad).name) {
    json["settings"] = {{"samples", settings.smooth_samples},
                        {"noise", settings.smooth_noise},
                        {"seed", settings.seed}};
  }
  return json;
}

gradcam::SaliencyMap ExplanationWriter::written_map(const ExplainedMap& explained) const {
  gradcam::SaliencyMap map =
      options_.keep_sign ? explained.map : gradcam::positive_part(explained.map);
  const gradcam::Projection& projection = *explained.projection;
  switch (options_.size) {
    case MapSize::kInput:
      return gradcam::resize(map, projection.input().height, projection.input().width);
    case MapSize::kSource:
      return projection.to_source(map);
    default:
      return map;
  }
}

std::string ExplanationWriter::base_name(const ExplainedMap& explained, std::size_t index) const {
  std::string name = "maps/" + file_stem(explained.image, index + 1, images_) + ".";
  if (models_.size() > 1) name += models_[explained.model].name + ".";
  return name + file_part(explained.method) + "." + file_part(explained.layer);
}

void ExplanationWriter::write_map(const ExplainedMap& explained, const image::Image& display,
                                  const std::string& name) const {
  const gradcam::SaliencyMap written = written_map(explained);
  const std::string npy = image::encode_npy(gradcam::to_tensor(written));
  Json json = to_json(explained, written, provenance_of(explained));
  json["files"] = {{"map", fs::path(name + ".npy").filename().string()},
                   {"overlay", fs::path(name + ".png").filename().string()}};
  json["map"]["sha256"] = sha256_hex(as_bytes(npy));
  write_file(options_.output / (name + ".npy"), npy);
  image::write_png(options_.output / (name + ".png"),
                   gradcam::overlay_picture(display, explained.map, *explained.projection, style_,
                                            {caption(explained)}));
  write_file(options_.output / (name + ".json"), to_text(json));
}

void ExplanationWriter::write_panel(const std::vector<ExplainedMap>& maps,
                                    const image::Image& display, const std::string& name) const {
  std::vector<gradcam::PanelItem> items;
  for (const ExplainedMap& explained : maps) {
    gradcam::PanelItem item{&explained.map, explained.projection, caption(explained)};
    if (models_.size() > 1) item.lines.insert(item.lines.begin(), models_[explained.model].name);
    items.push_back(std::move(item));
  }
  image::write_png(options_.output / name,
                   gradcam::panel_picture(display, items,
                                          {fs::path(maps[0].image).filename().string()}, style_));
}

std::string ExplanationWriter::write(const ManifestEntry& entry, std::size_t index,
                                     const std::vector<ExplainedMap>& maps,
                                     const image::Image& display) const {
  std::string rows;
  std::vector<std::string> notes;
  for (const ExplainedMap& explained : maps) {
    const std::string name = base_name(explained, index);
    write_map(explained, display, name);
    rows += csv_line(explanation_row(explained, models_[explained.model].name, entry.label,
                                     entry.patient, name + ".npy"));
    const gradcam::MapState state = gradcam::summarize(explained.map).state;
    if (state != gradcam::MapState::kPositive) {
      notes.push_back(explained.method + " at " + explained.layer + ": " +
                      std::string(gradcam::name_of(state)));
    }
  }
  std::string picture = base_name(maps[0], index) + ".png";
  if (options_.panel) {
    picture = "maps/" + file_stem(entry.image, index + 1, images_) + ".panel.png";
    write_panel(maps, display, picture);
  }
  const bool shown = static_cast<std::int64_t>(index) < options_.thumbnails;
  const std::span<const double> logits(maps[0].logits);
  std::vector<std::string> sheet{class_name(engine::predicted_class(logits), *models_[0].metadata),
                                 join(notes, "; "), picture,
                                 shown ? thumbnail(maps, display, style_) : std::string()};
  sheet.resize(explanation_columns().size());
  return rows + csv_line(sheet);
}

}  // namespace apatite::study
