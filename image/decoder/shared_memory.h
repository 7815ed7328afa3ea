// Memory that a decoder process fills and its parent reads, again and again: getting, clearing,
// mapping and freeing its pages for each image would be more than a tenth of decoding it. Internal
// to image/.
#pragma once

#include <cstddef>

namespace apatite::image {

// A file in memory alone, which either side maps. It grows and never shrinks (it is sealed), so
// that what is mapped can be read without SIGBUS whatever the other side does. The other side may
// write to it at any time.
class SharedMemory {
 public:
  // Takes over the file descriptor of another one.
  explicit SharedMemory(int descriptor) : descriptor_(descriptor) {}
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  // The descriptor of an empty one. Throws Error (kInternal) if the system refuses.
  static int create();

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] std::size_t size() const;
  // The first `bytes` bytes, aligned to a page, in place of what was mapped before; nullptr if it
  // is smaller, or the system refuses.
  std::byte* map(std::size_t bytes);
  // The same, but makes it large enough.
  std::byte* grow_and_map(std::size_t bytes);

 private:
  int descriptor_;
  std::byte* address_ = nullptr;
  std::size_t mapped_ = 0;
};

}  // namespace apatite::image
