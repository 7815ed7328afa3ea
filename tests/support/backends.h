// The backends that can run on this machine: all that are built in but those whose GPU is missing.
#pragma once

#include <string>
#include <vector>

#include "engine/backends.h"

namespace apatite {

inline std::vector<const engine::Backend*> present_backends() {
  std::vector<const engine::Backend*> present;
  for (const engine::Backend* backend : engine::backends()) {
    if (backend->unavailable_reason().empty()) present.push_back(backend);
  }
  return present;
}

// Its name as part of a test's, which takes no hyphens.
inline std::string test_name(const engine::Backend& backend) {
  std::string name(backend.name());
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

}  // namespace apatite
