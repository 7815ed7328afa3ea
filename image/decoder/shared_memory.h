// Memory that a decoder process fills and its parent reads. It is used for one image after another,
// because requesting, clearing, mapping and freeing its pages for each image would take more than a
// tenth of the time of decoding it. Internal to image/.
#pragma once

#include <cstddef>

namespace apatite::image {

// A file that exists in memory only and that both sides map. It is sealed: it can grow but not
// shrink, so reading it never raises SIGBUS, whatever the other side does. The other side may write
// to it at any time.
class SharedMemory {
 public:
  // Takes ownership of a descriptor that create() made.
  explicit SharedMemory(int descriptor) : descriptor_(descriptor) {}
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  // Makes an empty file and returns its descriptor. Throws Error (kInternal) if the system refuses.
  static int create();

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] std::size_t size() const;
  // Maps the first `bytes` bytes, aligned to a page, in place of what was mapped before. Returns
  // nullptr if the file is smaller or the system refuses.
  std::byte* map(std::size_t bytes);
  // The same, but makes the file large enough first.
  std::byte* grow_and_map(std::size_t bytes);

 private:
  int descriptor_;
  std::byte* address_ = nullptr;
  std::size_t mapped_ = 0;
};

}  // namespace apatite::image
