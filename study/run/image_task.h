// What a run over a list of images does with each image. predict, explain and faithfulness are the
// tasks; study/run/compute_images.h is the loop that all of them share.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "study/run/manifest.h"

namespace apatite::study {

// One image of the run's list.
struct ListedImage {
  std::size_t index = 0;  // in the manifest, from 0
  const ManifestEntry& entry;
  std::filesystem::path path;
};

// `Loaded`: an image that is ready for the network. `Result`: what the network says of it.
template <class Loaded, class Result>
class ImageTask {
 public:
  virtual ~ImageTask() = default;

  // Reads an image and makes it ready. Many threads call it at once. An Error that it throws makes
  // this image unreadable and concerns no other; kInternal, a defect of apatite, ends the run.
  virtual Loaded load(const ListedImage& image) = 0;

  // Whether the two can be in one batch.
  [[nodiscard]] virtual bool same_size(const Loaded& a, const Loaded& b) const = 0;

  // Makes the network ready for images of this size. Throws Error (kUsage) if they are too small
  // for it: then they are unreadable.
  virtual void prepare(const Loaded& image) = 0;

  // The result of each image; all have one size, for which prepare() was called. The result of an
  // image must not depend on the others. Throws Error: kNumeric where a number is not finite.
  virtual std::vector<Result> compute(std::span<const Loaded* const> images) = 0;

  // Writes the files of this image, if there are any, and returns what the journal keeps of it.
  // As many threads as record_threads() says call it at once.
  virtual std::string record(const ListedImage& image, const Loaded& loaded,
                             const Result& result) = 0;
  [[nodiscard]] virtual std::size_t record_threads() const { return 1; }
};

}  // namespace apatite::study
