// How many threads a computation uses. No result depends on it.
#pragma once

namespace apatite {

// 0: as many as the process may use (its CPU affinity mask). Throws Error (kUsage) if negative or
// above 1024.
int resolve_threads(int requested);

}  // namespace apatite
