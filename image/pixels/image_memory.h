// Where make_image puts samples: on the heap, or, in a decoder process, where its parent finds
// them. Internal to image/.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace apatite::image {

// Memory for so many bytes, aligned to 64; nullptr: take the heap.
using ImageMemory = std::function<std::shared_ptr<std::byte>(std::size_t bytes)>;

// For all images of this process from now on. No other thread may run.
void set_image_memory(ImageMemory memory);

}  // namespace apatite::image
