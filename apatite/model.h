// A network that is ready to classify images and to explain its decisions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"

namespace apatite {

struct ModelOptions {
  // A recipe (JSON) that says how an image becomes the network's input, or the name of a recipe of
  // `apatite recipes`. Empty: the recipe in the weights file.
  std::filesystem::path recipe;
  // A name that `apatite backends` lists, e.g. "cuda-exact". Empty: "exact", which computes on the
  // CPU.
  std::string backend;
  // An instruction set of that backend, e.g. "avx2". Empty: the best that this CPU has.
  std::string instruction_set;
  // Threads that compute one image. 0: as many as the process may use.
  int threads = 0;
};

// The network's decision on one image.
struct Prediction {
  // One number per output of the network, in binary32: the column "logit:CLASS" of predictions.csv.
  std::vector<float> logits;
  // One number from 0 to 1 per name in Model::classes(), in binary64: the column "p:CLASS". They
  // are the softmax of the logits; for a network with a single logit, the sigmoid of it.
  std::vector<double> probabilities;
  // The name of the class with the largest logit, the first one if several are equal. A network
  // with a single logit decides for its positive class if the logit is above 0; if its negative
  // class has no name, that class is called "not POSITIVE".
  std::string predicted;
};

// How many cells a map has.
enum class MapSize {
  kLayer,   // as many as the layer has
  kInput,   // one per pixel of the network's input
  kSource,  // one per pixel of the image; 0 where a crop of the recipe removed the pixel
};

struct ExplainOptions {
  // A method that `apatite explain --help` lists: "gradcam", "gradcam++", "layercam", ...
  std::string method = "gradcam";
  // The name of a layer that `apatite describe` lists. Empty: the last layer with spatial extent
  // through which every path to the logits leads.
  std::string layer;
  // The class whose score is explained: "predicted", a name of Model::classes(), or an index.
  std::string target = "predicted";
  // Keep the negative values, which speak against the class. Otherwise they become 0.
  bool keep_sign = false;
  MapSize size = MapSize::kLayer;
};

// A map of what the decision on one image rests on.
struct Explanation {
  std::string layer;       // the layer whose values the map is made of
  std::string target;      // the name of the class that is explained
  double score = 0;        // its logit (for the negative class of a single logit: minus the logit)
  double probability = 0;  // its probability
  std::int64_t height = 0;
  std::int64_t width = 0;
  // Row by row: the cell in row y and column x is values[y * width + x]. The map is computed in
  // binary64 and each value is rounded once to binary32. The bits are those of the .npy file that
  // `apatite explain` writes.
  std::vector<float> values;
  // False if the map shows nothing: it has the same value everywhere, or no value above 0.
  bool has_evidence = false;
};

// A weights file, the recipe for its images, and the compiled network.
//
//   apatite::Model model("model.safetensors");
//   const apatite::Prediction prediction = model.predict("image.png");
//   const apatite::Explanation map = model.explain("image.png");
//
// An image is a PNG, JPEG, DICOM or .npy file. A .npy file of floating-point numbers is taken as
// the network's input itself (channels x height x width). Other images are decoded in a process of
// their own, so that a damaged file cannot harm the caller.
//
// Thread safety: several threads may call one Model; their calls wait for each other. For speed
// give each thread a Model with `threads` = 1. The constructor forks the process that decodes, so
// make every Model before the program starts threads.
class Model {
 public:
  // Throws Error: kIo if the file cannot be opened; kBadFile if its content is refused; kUsage for
  // an option that does not fit; kUnavailable for a backend that cannot run here.
  explicit Model(const std::filesystem::path& weights, const ModelOptions& options = {});
  ~Model();
  Model(Model&& other) noexcept;
  Model& operator=(Model&& other) noexcept;

  // The names of the classes in the order of Prediction::probabilities.
  [[nodiscard]] const std::vector<std::string>& classes() const;

  // Throws Error: kIo or kBadFile for an image that cannot be read or does not fit the recipe;
  // kNumeric if a number that is not finite arises in the network.
  [[nodiscard]] Prediction predict(const std::filesystem::path& image);

  // Throws Error as predict does, and kUsage for a method, layer or target that does not exist.
  [[nodiscard]] Explanation explain(const std::filesystem::path& image,
                                    const ExplainOptions& options = {});

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace apatite
