// Memory in huge pages, where the system has them.
#pragma once

#include <cstddef>

namespace apatite {

// Asks the system for huge pages where a large range is not yet touched: fewer misses of the
// translation cache where memory is read once or at random. Small ranges are left alone.
void advise_huge_pages(void* memory, std::size_t bytes) noexcept;

}  // namespace apatite
