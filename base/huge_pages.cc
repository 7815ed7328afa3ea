#include "base/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace apatite {

void advise_huge_pages(void* memory, std::size_t bytes) noexcept {
#ifdef MADV_HUGEPAGE
  constexpr std::size_t kLarge = std::size_t{256} * 1024;
  constexpr std::uintptr_t kPage = 4096;
  if (bytes < kLarge) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const std::uintptr_t first = (begin + kPage - 1) / kPage * kPage;
  const std::uintptr_t last = (begin + bytes) / kPage * kPage;
  // Advice: what comes of it does not matter.
  static_cast<void>(::madvise(reinterpret_cast<void*>(first), last - first, MADV_HUGEPAGE));
#endif
}

}  // namespace apatite
