// Memory in huge pages, where the system has them.
#pragma once

#include <cstddef>

namespace apatite {

// Asks the system for huge pages for a large range that is not written yet, which makes misses of
// the address translation cache rarer. Does nothing for a small range.
void advise_huge_pages(void* memory, std::size_t bytes) noexcept;

}  // namespace apatite
