#include "engine/backends.h"

#include <array>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#ifdef APATITE_WITH_CUDA
#include "engine/cuda/cuda.h"
#endif
#include "engine/exact/exact.h"
#include "engine/reference/reference.h"

namespace apatite::engine {

std::span<const Backend* const> backends() {
  static const std::array all{&exact_backend(),
#ifdef APATITE_WITH_CUDA
                              &cuda_exact_backend(), &cuda_backend(),
#endif
                              &reference_backend(), &reference64_backend()};
  return all;
}

const Backend& find_backend(std::string_view name) {
  if (name.empty()) return *backends().front();
  std::vector<std::string> names;
  for (const Backend* backend : backends()) {
    if (backend->name() == name) {
      check_available(*backend);
      return *backend;
    }
    names.emplace_back(backend->name());
  }
  throw Error(ErrorKind::kUnavailable, name, "no such backend is built in",
              "choose one of " + join(names));
}

}  // namespace apatite::engine
