// The contact sheet of a run of explanations: one HTML file that needs no other file.
#pragma once

#include <string>
#include <vector>

namespace apatite::study {

struct SheetRow {
  std::string image;
  std::string label;
  std::string predicted;  // the class that the first model predicts
  std::string explained;  // the class that its maps explain
  double score = 0;       // of the first model
  double probability = 0;
  std::string note;       // which maps show nothing, and why
  std::string picture;    // a link to the panel or overlay, relative to the sheet
  std::string thumbnail;  // a PNG in base64; empty: none
};

// A table that a click on a column's name sorts and that a word filters. The thumbnails are data
// URIs in the file. All text that comes from outside is escaped.
std::string contact_sheet(const std::string& title, const std::vector<std::string>& facts,
                          const std::vector<SheetRow>& rows);

}  // namespace apatite::study
