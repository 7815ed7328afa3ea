#include "weights/table.h"

#include <map>
#include <string>

#include "base/error.h"
#include "base/text.h"

namespace apatite::weights {
namespace {

std::string dims_text(const engine::Dims& dims) { return engine::to_text(std::span(dims)); }

// What is wrong with one declared tensor; empty if nothing is.
std::string problem(const engine::Parameter& declared, const TensorEntry* present) {
  if (present == nullptr) {
    return "missing " + quote(declared.name) + " (" + dims_text(declared.dims) + ")";
  }
  if (present->dims != declared.dims) {
    return quote(declared.name) + " is " + dims_text(present->dims) + ", not " +
           dims_text(declared.dims);
  }
  if (!is_exact_in_binary32(present->dtype)) {
    return quote(declared.name) + " is " + std::string(dtype_name(present->dtype)) + ", not F32";
  }
  return {};
}

std::string bounded_list(const std::vector<std::string>& items) {
  constexpr std::size_t kMostBytes = 4000;
  std::string text;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0 && text.size() + items[i].size() > kMostBytes) {
      return text + "; and " + std::to_string(items.size() - i) + " more";
    }
    text += (i > 0 ? "; " : "") + items[i];
  }
  return text;
}

}  // namespace

void check_table(std::span<const engine::Parameter> declared, std::span<const TensorEntry> present,
                 std::string_view where) {
  std::map<std::string_view, const TensorEntry*> unused;
  for (const TensorEntry& entry : present) unused.emplace(entry.name, &entry);
  std::vector<std::string> problems;
  for (const engine::Parameter& parameter : declared) {
    const auto found = unused.find(parameter.name);
    const TensorEntry* entry = found == unused.end() ? nullptr : found->second;
    if (std::string text = problem(parameter, entry); !text.empty()) {
      problems.push_back(std::move(text));
    }
    if (entry != nullptr) unused.erase(found);
  }
  for (const auto& [name, entry] : unused) {
    problems.push_back("left over " + quote(name) + " (" + dims_text(entry->dims) + ")");
  }
  if (problems.empty()) return;
  throw Error(ErrorKind::kBadFile, where,
              "its tensors do not fit the network that it names: " + bounded_list(problems),
              "write it again with `apatite convert` or `apatite init`");
}

void check_table(std::span<const engine::Parameter> declared, const NamedTensors& present,
                 std::string_view where) {
  std::vector<TensorEntry> entries;
  entries.reserve(present.size());
  for (const auto& [name, tensor] : present) {
    entries.push_back({name, DType::kF32, tensor.dims(), 0, 0});
  }
  check_table(declared, entries, where);
}

}  // namespace apatite::weights
