// The conformance list, shared by the tests here.
#pragma once

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/support/graph_text.h"
#include "tests/support/source_dir.h"

namespace apatite {

inline std::string conformance_file() {
  return source_dir().string() + "/tests/conformance/cases.txt";
}

// Every line of cases.txt, or the one line in the environment variable APATITE_CASE: a failing
// case's line can be pasted there.
inline std::vector<std::string> conformance_cases() {
  if (const char* line = std::getenv("APATITE_CASE")) return {line};
  return read_lines(conformance_file());
}

}  // namespace apatite
