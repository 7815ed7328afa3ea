// Tests that run once for each backend.
//
// A backend that is built in but cannot run on this machine (its GPU is missing) is not left out:
// its tests are reported as skipped, by name and with the reason.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "engine/backends.h"

namespace apatite::engine {

// What ctest shows as a test's parameter.
inline void PrintTo(const Backend* backend, std::ostream* stream) { *stream << backend->name(); }

}  // namespace apatite::engine

namespace apatite {

// All backends that are built in, for ::testing::ValuesIn.
inline std::vector<const engine::Backend*> built_in_backends() {
  return {engine::backends().begin(), engine::backends().end()};
}

// The name of a backend as a part of a test's name, which must not contain a hyphen.
inline std::string test_name(const engine::Backend& backend) {
  std::string name(backend.name());
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

// A test of one backend. For all of them:
//   using Thing = EachBackend;
//   TEST_P(Thing, HasAProperty) { ... GetParam() ... }
//   INSTANTIATE_TEST_SUITE_P(All, Thing, ::testing::ValuesIn(built_in_backends()),
//   name_of_backend);
class EachBackend : public ::testing::TestWithParam<const engine::Backend*> {
 protected:
  void SetUp() override {
    const std::string reason = GetParam()->unavailable_reason();
    if (!reason.empty()) GTEST_SKIP() << GetParam()->name() << " cannot run here: " << reason;
  }
};

inline std::string name_of_backend(
    const ::testing::TestParamInfo<const engine::Backend*>& information) {
  return test_name(*information.param);
}

}  // namespace apatite
