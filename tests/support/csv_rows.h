// What a CSV file and a message hold, for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/csv.h"

namespace apatite {

using Rows = std::vector<std::vector<std::string>>;

// The fields of every row, the header's too.
inline Rows rows_of(const std::string& csv) {
  CsvReader reader(csv, "csv");
  Rows rows;
  while (auto row = reader.next()) rows.push_back(std::move(row->fields));
  return rows;
}

inline void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

}  // namespace apatite
