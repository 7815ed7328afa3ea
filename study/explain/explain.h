// Explains a network's decisions on a list of images: maps, pictures and a contact sheet.
//
// In the output folder:
//   explanations.csv   one row per image, model and map (explanation_columns())
//   index.html         a contact sheet, sortable, in one file
//   errors.csv         image,reason: images that could not be read; absent if there are none
//   maps/NUMBER-IMAGE.[MODEL.]METHOD.LAYER.npy    the map (binary32, C order)
//                                         .json   a description of the map, docs/gradcam.md
//                                         .png    the map over the source image, as large as it
//   maps/NUMBER-IMAGE.panel.png           source, maps and overlays in a row, if asked for
// NUMBER is the image's number in the manifest, from 1. MODEL stands there only if there are
// several models. The bytes depend only on the images, the weights, the recipes, the options and
// the arithmetic. They do not depend on the batch, the threads, the workers or the instruction set,
// nor on whether the run was killed and continued.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "gradcam/map/method.h"
#include "study/explain/explained_model.h"
#include "study/run/run_options.h"
#include "study/run/run_summary.h"

namespace apatite::study {

// The size of the map in the .npy file: that of the layer, or, sampled by gradcam/map/resample.h,
// that of the network's input or of the source image.
enum class MapSize { kLayer, kInput, kSource };

struct ExplainOptions : RunOptions {
  std::vector<std::filesystem::path> weights;  // one or several models
  std::filesystem::path output;                // a folder; made if it is missing
  MapChoice maps{.methods = {gradcam::Method::kGradCam}, .layers = {}};
  std::string target = "predicted";  // study/explain/class_target.h
  gradcam::MethodSettings settings;
  bool keep_sign = false;  // keep negative values in the .npy file; else they become 0
  MapSize size = MapSize::kLayer;
  std::string colours = "viridis";  // gradcam/picture/colour_map.h
  double alpha = 0.6;               // gradcam/picture/render.h
  bool panel = false;               // write the panel pictures
  std::int64_t thumbnails = 1000;  // number of images, the first ones, with a picture in index.html
};

struct ExplainSummary : RunSummary {
  std::int64_t maps = 0;
  std::int64_t without_evidence = 0;  // maps that are flat or nowhere positive
};

// What is done is kept in "explain.partial" in the output folder (study/run/journal.h): after a
// kill the same call continues there. `progress` is called on the caller's thread after every
// batch. Throws Error as predict (study/predict/predict.h) does, and kUsage for a layer, method,
// target or colours that do not exist.
ExplainSummary explain(const ExplainOptions& options, const ShowProgress& progress = {});

}  // namespace apatite::study
