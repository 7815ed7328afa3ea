// Whether a sanitizer watches, under which a test may do less.
#pragma once

namespace apatite {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

}  // namespace apatite
