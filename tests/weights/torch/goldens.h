// The checkpoints and expectations that tests/goldens/torch/make_checkpoints.py wrote.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/json.h"
#include "tests/support/source_dir.h"

namespace apatite::weights::torch {

inline std::filesystem::path golden_path(std::string_view name) {
  return source_dir() / "tests" / "goldens" / "torch" / name;
}

inline std::string golden(std::string_view name) {
  return read_file(golden_path(name), std::size_t{1} << 20U);
}

inline Json golden_expectations() { return parse_json(golden("expected.json"), "expected.json"); }

}  // namespace apatite::weights::torch
