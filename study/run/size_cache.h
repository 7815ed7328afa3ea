// What was compiled for the last few sizes of input.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <list>
#include <utility>

namespace apatite::study {

// Holds a few compiled networks, each for inputs of one height and width. When it is full, the one
// that was used longest ago makes room. For one thread.
template <class Compiled>
class SizeCache {
 public:
  // What `compile()` gives for this size; it is called only if the size is not held. What it throws
  // leaves the cache as it was. The reference is valid until kMostSizes other sizes were asked for.
  template <class Compile>
  Compiled& get(std::int64_t height, std::int64_t width, const Compile& compile) {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return entry.height == height && entry.width == width;
    });
    if (found != entries_.end()) {
      entries_.splice(entries_.begin(), entries_, found);
      return entries_.front().compiled;
    }
    Compiled made = compile();
    if (entries_.size() == kMostSizes) entries_.pop_back();
    entries_.push_front({height, width, std::move(made)});
    return entries_.front().compiled;
  }

  // Enough for a study that alternates between a few sizes, and little memory.
  static constexpr std::size_t kMostSizes = 4;

 private:
  struct Entry {
    std::int64_t height;
    std::int64_t width;
    Compiled compiled;
  };

  std::list<Entry> entries_;  // the latest used first
};

}  // namespace apatite::study
