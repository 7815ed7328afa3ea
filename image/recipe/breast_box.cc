#include "image/recipe/breast_box.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace apatite::image {
namespace {

// Pixels [begin, end) of a row above the threshold.
struct Run {
  std::int64_t begin;
  std::int64_t end;
  std::size_t region;
};

struct Region {
  std::size_t parent;  // itself if it has not been joined to an earlier one
  std::int64_t pixels;
  std::int64_t top, left, bottom, right;  // bottom and right: the last ones
};

// Regions in the order of their first pixel; joining two keeps the earlier one.
class Regions {
 public:
  std::size_t add() {
    regions_.push_back({regions_.size(), 0, kFar, kFar, -1, -1});
    return regions_.size() - 1;
  }

  std::size_t root(std::size_t region) {
    while (regions_[region].parent != region) {
      regions_[region].parent = regions_[regions_[region].parent].parent;
      region = regions_[region].parent;
    }
    return region;
  }

  std::size_t join(std::size_t a, std::size_t b) {
    std::size_t first = root(a);
    std::size_t second = root(b);
    if (first == second) return first;
    if (first > second) std::swap(first, second);
    Region& into = regions_[first];
    const Region& from = regions_[second];
    into.pixels += from.pixels;
    into.top = std::min(into.top, from.top);
    into.left = std::min(into.left, from.left);
    into.bottom = std::max(into.bottom, from.bottom);
    into.right = std::max(into.right, from.right);
    regions_[second].parent = first;
    return first;
  }

  void extend(std::size_t region, std::int64_t row, const Run& run) {
    Region& into = regions_[root(region)];
    into.pixels += run.end - run.begin;
    into.top = std::min(into.top, row);
    into.left = std::min(into.left, run.begin);
    into.bottom = std::max(into.bottom, row);
    into.right = std::max(into.right, run.end - 1);
  }

  [[nodiscard]] std::optional<Box> largest() const {
    const Region* best = nullptr;
    for (std::size_t i = 0; i < regions_.size(); ++i) {
      const Region& region = regions_[i];
      if (region.parent == i && (best == nullptr || region.pixels > best->pixels)) best = &region;
    }
    if (best == nullptr) return {};
    return Box{best->top, best->left, {best->bottom - best->top + 1, best->right - best->left + 1}};
  }

 private:
  static constexpr std::int64_t kFar = kMaxImageSide;
  std::vector<Region> regions_;
};

template <class T>
std::vector<Run> runs_of(const T* row, const Image& image, double threshold) {
  std::vector<Run> runs;
  for (std::int64_t x = 0; x < image.width; ++x) {
    const T* pixel = row + x * image.channels;
    const T value = *std::max_element(pixel, pixel + image.channels);
    if (!(static_cast<double>(value) > threshold)) continue;
    if (!runs.empty() && runs.back().end == x) {
      ++runs.back().end;
    } else {
      runs.push_back({x, x + 1, 0});
    }
  }
  return runs;
}

// Gives each run of `row` its region: that of the runs above that it touches, or a new one.
void connect(std::vector<Run>& runs, const std::vector<Run>& above, std::int64_t row,
             Regions& regions) {
  auto touching = above.begin();
  for (Run& run : runs) {
    // Touching at a corner counts: columns from begin - 1 to end.
    while (touching != above.end() && touching->end < run.begin) ++touching;
    bool found = false;
    for (auto other = touching; other != above.end() && other->begin <= run.end; ++other) {
      run.region = found ? regions.join(run.region, other->region) : regions.root(other->region);
      found = true;
    }
    if (!found) run.region = regions.add();
    regions.extend(run.region, row, run);
  }
}

}  // namespace

std::optional<Box> breast_box(const Image& image, double threshold) {
  Regions regions;
  visit_samples(image, [&](auto samples) {
    std::vector<Run> above;
    for (std::int64_t y = 0; y < image.height; ++y) {
      auto runs = runs_of(samples.data() + y * image.width * image.channels, image, threshold);
      connect(runs, above, y, regions);
      above = std::move(runs);
    }
  });
  return regions.largest();
}

}  // namespace apatite::image
