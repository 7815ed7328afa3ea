#include "weights/torch/state_dict.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "weights/torch/refusal.h"

namespace apatite::weights::torch {
namespace {

// Where training scripts put the weights, the most telling first.
constexpr auto kUsualKeys = std::to_array<std::string_view>(
    {"state_dict", "model_state_dict", "model", "net", "network", "module", ""});

constexpr std::size_t kDeepest = 4;
constexpr std::size_t kMostListed = 8;

class Finder {
 public:
  Finder(const Pickle& pickle, std::string_view where) : pickle_(pickle), where_(where) {}

  StateDict at(std::string_view key) const {
    PickleValue value = pickle_.root();
    std::string_view rest = key;
    while (!rest.empty()) {
      const std::string_view part = rest.substr(0, rest.find('/'));
      rest.remove_prefix(std::min(rest.size(), part.size() + 1));
      if (value.kind != PickleKind::kDict || !look_up(value, part, value)) {
        throw Error(ErrorKind::kUsage, where_, "has no dict at the key " + printable(key),
                    "dicts of tensors are at: " + listed(collect()));
      }
    }
    if (value.kind != PickleKind::kDict || !holds_tensors(value)) {
      throw Error(ErrorKind::kUsage, where_, "holds no tensors at the key " + printable(key),
                  "dicts of tensors are at: " + listed(collect()));
    }
    return {std::string(key), value};
  }

  StateDict only() const {
    const std::vector<StateDict> all = collect();
    if (all.empty()) {
      throw Error(ErrorKind::kBadFile, where_,
                  "holds no dict of tensors (its outermost value is a " +
                      std::string(kind_name(pickle_.root().kind)) + ")",
                  kSaveWeights);
    }
    if (all.size() == 1) return all.front();
    for (const std::string_view usual : kUsualKeys) {
      for (const StateDict& dict : all) {
        if (dict.key == usual) return dict;
      }
    }
    throw Error(ErrorKind::kUsage, where_,
                "holds " + std::to_string(all.size()) + " dicts of tensors: " + listed(all),
                "say which with --key");
  }

 private:
  // All dicts that hold tensors themselves, outermost first, in the order of the file.
  std::vector<StateDict> collect() const {
    std::vector<StateDict> found;
    std::set<std::uint32_t> seen;
    if (pickle_.root().kind == PickleKind::kDict) {
      visit({"", pickle_.root()}, 0, seen, found);
    }
    return found;
  }

  // Only str keys are followed: an optimiser numbers its dicts.
  void visit(const StateDict& dict, std::size_t depth, std::set<std::uint32_t>& seen,
             std::vector<StateDict>& found) const {
    if (depth > kDeepest || !seen.insert(dict.value.index).second) return;
    if (holds_tensors(dict.value)) found.push_back(dict);
    const auto items = pickle_.items(dict.value);
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      if (items[i].kind != PickleKind::kText || items[i + 1].kind != PickleKind::kDict) continue;
      const std::string name(pickle_.text(items[i]));
      visit({dict.key.empty() ? name : dict.key + "/" + name, items[i + 1]}, depth + 1, seen,
            found);
    }
  }

  // A tensor with at least one dimension: a lone number (the best loss) makes no state dict.
  bool holds_tensors(PickleValue dict) const {
    const auto items = pickle_.items(dict);
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      if (items[i].kind == PickleKind::kText && items[i + 1].kind == PickleKind::kTensor &&
          !is_scalar(items[i + 1])) {
        return true;
      }
    }
    return false;
  }
  bool is_scalar(PickleValue tensor) const {
    const PickleValue dims = pickle_.items(tensor)[2];
    return dims.kind == PickleKind::kTuple && pickle_.items(dims).empty();
  }

  bool look_up(PickleValue dict, std::string_view key, PickleValue& value) const {
    const auto items = pickle_.items(dict);
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      if (items[i].kind == PickleKind::kText && pickle_.text(items[i]) == key) {
        value = items[i + 1];
        return true;
      }
    }
    return false;
  }

  static std::string listed(const std::vector<StateDict>& dicts) {
    std::vector<std::string> keys;
    for (const StateDict& dict : dicts) {
      if (keys.size() == kMostListed) {
        keys.emplace_back("...");
        break;
      }
      keys.push_back(dict.key.empty() ? "(the outermost dict)" : printable(dict.key));
    }
    return keys.empty() ? "(nowhere)" : join(keys);
  }

  const Pickle& pickle_;
  std::string_view where_;
};

}  // namespace

StateDict find_state_dict(const Pickle& pickle, std::string_view key, std::string_view where) {
  const Finder finder(pickle, where);
  return key.empty() ? finder.only() : finder.at(key);
}

}  // namespace apatite::weights::torch
