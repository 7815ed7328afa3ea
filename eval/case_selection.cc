#include "eval/case_selection.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace apatite::eval {

std::vector<std::string> CaseSelection::split_names() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < table_.splits.size(); ++i) {
    names.push_back(table_.splits.name(static_cast<std::int32_t>(i)));
  }
  return names;
}

ScoreTable CaseSelection::chosen(const std::vector<std::string>& names) const {
  if (table_.split.empty()) {
    throw Error(ErrorKind::kBadFile, table_.where, "has no column with the splits",
                "name it: --split COLUMN");
  }
  const std::vector<std::string> known = split_names();
  std::set<std::int32_t> wanted;
  for (const std::string& name : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      throw Error(ErrorKind::kUsage, table_.where, "has no split called '" + name + "'",
                  "there are: " + join(known));
    }
    wanted.insert(static_cast<std::int32_t>(found - known.begin()));
  }
  std::vector<std::uint8_t> keep;
  keep.reserve(table_.size());
  for (const std::int32_t split : table_.split) keep.push_back(wanted.count(split) > 0 ? 1 : 0);
  return select_cases(table_, keep);
}

ScoreTable CaseSelection::reported(ScoreTable&& table) const {
  if (options_.splits.empty()) {
    if (table_.splits.size() > 1) {
      throw Error(ErrorKind::kUsage, table_.where,
                  "has the splits " + join(split_names()) + " and none was chosen",
                  "say which cases are reported: --on SPLIT (several times for several)");
    }
    return std::move(table);
  }
  return chosen(options_.splits);
}

ScoreTable CaseSelection::tuning() const {
  const auto& splits = options_.splits;
  const bool is_reported = splits.empty() || std::find(splits.begin(), splits.end(),
                                                       options_.threshold_split) != splits.end();
  if (is_reported) {
    throw Error(ErrorKind::kUsage, "threshold",
                "the split '" + options_.threshold_split + "' is reported itself",
                "choose on another one, or pass --threshold-from-test, which every output says");
  }
  return chosen({options_.threshold_split});
}

void refuse_shared_images(const ScoreTable& table, const ScoreTable& other,
                          std::string_view remedy) {
  if (table.images.size() == 0) return;
  constexpr std::int64_t kNamed = 3;
  std::vector<std::string> named;
  std::int64_t count = 0;
  for (std::size_t i = 0; i < other.images.size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    if (table.images.find(other.images.raw(id)) < 0) continue;
    if (++count <= kNamed) named.push_back(quote(other.images.name(id)));
  }
  if (count == 0) return;
  throw Error(ErrorKind::kUsage, other.where,
              with_thousands(count) + " of its images are in " + table.where +
                  " too: " + join(named) + (count > kNamed ? ", .." : ""),
              remedy);
}

}  // namespace apatite::eval
