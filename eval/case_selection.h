// Which cases of a table are reported, and on which cases thresholds are chosen.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "eval/data/score_table.h"
#include "eval/evaluation.h"

namespace apatite::eval {

// Both arguments must outlive the object.
class CaseSelection {
 public:
  CaseSelection(const ScoreTable& table, const EvaluationOptions& options)
      : table_(table), options_(options) {}

  // The cases of options.splits; without splits all cases, which are moved out of `table` (the
  // table of the constructor). Throws Error: kUsage if the table has several splits and none is
  // chosen, or a split does not exist; kBadFile if the table has no column with splits.
  [[nodiscard]] ScoreTable reported(ScoreTable&& table) const;
  // The cases of options.threshold_split. Throws Error (kUsage) if these are reported themselves,
  // or as reported() does.
  [[nodiscard]] ScoreTable tuning() const;

 private:
  [[nodiscard]] std::vector<std::string> split_names() const;
  [[nodiscard]] ScoreTable chosen(const std::vector<std::string>& names) const;

  const ScoreTable& table_;
  const EvaluationOptions& options_;
};

// Throws Error (kUsage) with `remedy` if an image of `other` is also in `table`. The message names
// the first three shared images.
void refuse_shared_images(const ScoreTable& table, const ScoreTable& other,
                          std::string_view remedy);

}  // namespace apatite::eval
