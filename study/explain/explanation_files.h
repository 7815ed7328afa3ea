// What is written about one image's maps.
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

// "images/a b.png", 7 of 120 -> "007-a_b": a name of letters, digits and ._- that sorts by number.
std::string file_stem(const std::string& image, std::size_t number, std::size_t total);
// Letters, digits and ._-+ as they are, anything else '_'; at most 80 characters.
std::string file_part(const std::string& name);

// One map with what belongs to it.
struct ExplainedMap {
  std::string image;          // as the manifest names it
  std::size_t model = 0;      // its number
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

// What the JSON beside a map says; `written` is the map as the .npy holds it.
Json to_json(const ExplainedMap& explained, const gradcam::SaliencyMap& written,
             const Json& provenance);

// The lines below a picture: method and layer, class and score.
std::vector<std::string> caption(const ExplainedMap& explained);

// explanations.csv.
const std::vector<std::string>& explanation_columns();
std::vector<std::string> explanation_row(const ExplainedMap& explained, const std::string& model,
                                         const std::string& label, const std::string& patient,
                                         const std::string& file);

}  // namespace apatite::study
