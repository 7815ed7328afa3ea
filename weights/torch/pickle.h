// An unpickler that reads only what state dicts need and executes nothing.
//
// It reads Python's pickle opcodes (protocols 1 to 5; source: CPython's Lib/pickletools.py) into a
// closed set of values. A name is looked up in the list of globals.h; any other is refused by name.
// A "call" of a listed name builds a value of the closed set by the rules of globals.h; no other
// call, no NEWOBJ, no instance is accepted.
//
// Memory: strings are views into the pickle; values are 16 bytes each and live in one array of
// containers without ownership between them, so cycles and deep nesting cost nothing to build or to
// free. Texts, containers, stack, marks, memo and the sum of all items are each limited by the
// count of opcodes and by kMaxValues, together below 150 MB. (A state dict takes about 25 per
// tensor.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "weights/torch/globals.h"

namespace apatite::weights::torch {

enum class PickleKind : std::uint8_t {
  kNone,
  kBool,
  kInteger,
  kFloat,
  kLong,    // an integer of more than 64 bits: its two's complement bytes, lowest first, as text
  kText,    // str, or bytes
  kGlobal,  // an index into globals()
  kOpaque,  // the result of a call that no network needs
  kTuple,
  kList,     // also sets
  kDict,     // items: key, value, key, value, ...
  kStorage,  // a persistent id; items: of its tuple
  kTensor,   // items: of the argument tuple of _rebuild_tensor[_v2]
};

struct PickleValue {
  PickleKind kind = PickleKind::kNone;
  std::uint32_t index = 0;   // of a text, a global or a container
  std::int64_t integer = 0;  // a bool as 0 or 1; a float's bits
};

// The values of one pickle. Views the pickle's bytes, which must outlive it.
class Pickle {
 public:
  static constexpr std::size_t kMaxValues = std::size_t{1} << 20U;

  // Reads the pickle at the start of `bytes`, up to its STOP. Throws Error (kBadFile); `where`
  // names the file.
  Pickle(std::span<const std::byte> bytes, std::string_view where);

  [[nodiscard]] PickleValue root() const noexcept { return root_; }
  // Bytes of the pickle, STOP included.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  // Every persistent id in the order of the pickle.
  [[nodiscard]] std::span<const PickleValue> storages() const noexcept { return storages_; }

  [[nodiscard]] std::string_view text(PickleValue value) const;
  [[nodiscard]] const Global& global(PickleValue value) const;
  [[nodiscard]] std::span<const PickleValue> items(PickleValue container) const;

 private:
  friend class Unpickler;
  std::vector<std::string_view> texts_;
  std::vector<std::vector<PickleValue>> containers_;
  std::vector<PickleValue> storages_;
  PickleValue root_;
  std::size_t size_ = 0;
};

// "str", "dict", ... for messages.
std::string_view kind_name(PickleKind kind);

}  // namespace apatite::weights::torch
