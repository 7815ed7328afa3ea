#include "weights/torch/storage.h"

#include <array>
#include <string>
#include <utility>

#include "base/error.h"
#include "weights/torch/refusal.h"

namespace apatite::weights::torch {
namespace {

// 2^48 elements: the library's limit for a tensor (engine/graph/shape.h).
constexpr std::int64_t kMaxCount = std::int64_t{1} << 48U;

constexpr auto kStorageTypes = std::to_array<std::pair<std::string_view, DType>>({
    {"DoubleStorage", DType::kF64},
    {"FloatStorage", DType::kF32},
    {"HalfStorage", DType::kF16},
    {"BFloat16Storage", DType::kBF16},
    {"LongStorage", DType::kI64},
    {"IntStorage", DType::kI32},
    {"ShortStorage", DType::kI16},
    {"CharStorage", DType::kI8},
    {"ByteStorage", DType::kU8},
    {"BoolStorage", DType::kBool},
});

class Parser {
 public:
  Parser(const Pickle& pickle, std::string_view where) : pickle_(pickle), where_(where) {}

  StorageId parse(PickleValue value) const {
    const auto items = pickle_.items(value);
    if (items.size() < 5 || items.size() > 6 || !is_text(items[0], "storage") ||
        items[1].kind != PickleKind::kGlobal || items[2].kind != PickleKind::kText) {
      refuse();
    }
    StorageId id;
    id.type = type(pickle_.global(items[1]));
    id.key = pickle_.text(items[2]);
    id.count = count(items[4]);
    id.view_count = id.count;
    if (items.size() == 6 && items[5].kind != PickleKind::kNone) read_view(items[5], id);
    return id;
  }

 private:
  [[noreturn]] void refuse() const {
    throw Error(ErrorKind::kBadFile, where_, "a storage in its pickle is not as torch writes it",
                kSaveAgain);
  }
  bool is_text(PickleValue value, std::string_view text) const {
    return value.kind == PickleKind::kText && pickle_.text(value) == text;
  }
  DType type(const Global& global) const {
    for (const auto& [name, dtype] : kStorageTypes) {
      if (global.role == GlobalRole::kStorage && global.name == name) return dtype;
    }
    refuse();
  }
  std::int64_t count(PickleValue value) const {
    if (value.kind != PickleKind::kInteger || value.integer < 0 || value.integer > kMaxCount) {
      refuse();
    }
    return value.integer;
  }
  void read_view(PickleValue value, StorageId& id) const {
    if (value.kind != PickleKind::kTuple) refuse();
    const auto view = pickle_.items(value);
    if (view.size() != 3) refuse();
    id.view_first = count(view[1]);
    id.view_count = count(view[2]);
    if (id.view_first > id.count || id.view_count > id.count - id.view_first) {
      throw Error(ErrorKind::kBadFile, where_,
                  "a view of storage " + printable(id.key) + " leaves it", kDamaged);
    }
  }

  const Pickle& pickle_;
  std::string_view where_;
};

}  // namespace

StorageId storage_id(const Pickle& pickle, PickleValue value, std::string_view where) {
  return Parser(pickle, where).parse(value);
}

}  // namespace apatite::weights::torch
