// The texts that are written about the maps of one image.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "gradcam/map/explainer.h"
#include "gradcam/map/projection.h"
#include "gradcam/picture/render.h"
#include "image/pixels/image.h"

namespace apatite::study {

// A name for the files of an image that sorts by the image's number and consists of letters, digits
// and ._-+: "images/a b.png", image 7 of 120, becomes "007-a_b".
std::string file_stem(const std::string& image, std::size_t number, std::size_t total);
// Letters, digits and ._-+ stay as they are, and every other byte becomes '_'. At most 80
// characters.
std::string file_part(const std::string& name);

// One map and all that is known of it.
struct ExplainedMap {
  std::string image;          // as the manifest names it
  std::size_t model = 0;      // the number of the model, from 0
  std::string method;         // MethodInfo::name
  std::string layer;          // the node's name
  engine::Shape layer_shape;  // of the node
  std::int64_t target = 0;
  std::string target_name;
  bool target_predicted = false;
  double score = 0;
  double probability = 0;
  std::vector<double> logits;
  gradcam::SaliencyMap map;  // signed, at the layer's size
  const gradcam::Projection* projection = nullptr;
};

// The JSON file beside a map. `written` is the map that the .npy file holds.
Json to_json(const ExplainedMap& explained, const gradcam::SaliencyMap& written,
             const Json& provenance);

// The lines of text below a picture: method and layer, class and score.
std::vector<std::string> caption(const ExplainedMap& explained);

// The columns of explanations.csv, and the row of one map.
const std::vector<std::string>& explanation_columns();
std::vector<std::string> explanation_row(const ExplainedMap& explained, const std::string& model,
                                         const std::string& label, const std::string& patient,
                                         const std::string& file);

}  // namespace apatite::study
