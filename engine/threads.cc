#include "engine/threads.h"

#include <omp.h>

#include "base/error.h"
#include "base/text.h"

namespace apatite {

int resolve_threads(int requested) {
  constexpr int kMost = 1024;
  if (requested < 0 || requested > kMost) {
    throw Error(ErrorKind::kUsage, "threads", to_text(std::int64_t{requested}) + " is not possible",
                "pass 1 to 1024, or 0 for all that the process may use");
  }
  return requested == 0 ? omp_get_num_procs() : requested;
}

}  // namespace apatite
