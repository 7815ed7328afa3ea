#include "weights/torch/unpickler.h"

namespace apatite::weights::torch {

std::vector<PickleValue> Unpickler::pop_mark() {
  if (marks_.empty()) damaged("lacks a mark");
  const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<Value> values(first, stack_.end());
  stack_.erase(first, stack_.end());
  marks_.pop_back();
  return values;
}

void Unpickler::extend(Kind kind, std::span<const Value> values) {
  const Value target = top();
  if (target.kind != kind) {
    damaged("adds items to a value of type " + std::string(kind_name(target.kind)));
  }
  charge(values.size());
  items(target).insert(items(target).end(), values.begin(), values.end());
}

PickleValue Unpickler::long_integer(std::span<const std::byte> bytes) {
  if (bytes.size() > sizeof(std::int64_t)) return text(as_text(bytes), Kind::kLong);
  std::uint64_t value = 0;
  const bool negative = !bytes.empty() && (bytes.back() & std::byte{0x80}) != std::byte{0};
  if (negative) value = ~std::uint64_t{0};
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8U | std::to_integer<std::uint64_t>(bytes[i]);
  }
  return integer(static_cast<std::int64_t>(value));
}

PickleValue Unpickler::call(Value function, Value arguments) {
  if (function.kind != Kind::kGlobal) forbidden("calls " + name_of(function));
  if (arguments.kind != Kind::kTuple) bad_call(function);
  const std::span<const Value> values = items(arguments);
  switch (globals()[function.index].role) {
    case GlobalRole::kDict:
      if (values.size() > 1) bad_call(function);
      return dict_of(function, values);
    case GlobalRole::kDefaultDict:
      if (values.empty() || values.size() > 2) bad_call(function);
      return dict_of(function, values.subspan(1));
    case GlobalRole::kSequence:
      if (values.size() != 1 || (values[0].kind != Kind::kTuple && values[0].kind != Kind::kList)) {
        bad_call(function);
      }
      return container(Kind::kTuple, items(values[0]));
    case GlobalRole::kTensor:
      if (values.size() < 4 || values.size() > 7 || values[0].kind != Kind::kStorage) {
        bad_call(function);
      }
      return container(Kind::kTensor, {values.begin(), values.end()});
    case GlobalRole::kParameter:
      if (values.empty() || values[0].kind != Kind::kTensor) bad_call(function);
      return values[0];
    case GlobalRole::kOpaque:
      return {Kind::kOpaque};
    case GlobalRole::kStorage:
    case GlobalRole::kName:
      break;
  }
  forbidden("calls " + name_of(function));
}

PickleValue Unpickler::dict_of(Value function, std::span<const Value> arguments) {
  if (arguments.empty()) return container(Kind::kDict, {});
  if (arguments[0].kind == Kind::kDict) return container(Kind::kDict, items(arguments[0]));
  if (arguments[0].kind != Kind::kList && arguments[0].kind != Kind::kTuple) bad_call(function);
  std::vector<Value> flat;
  charge(items(arguments[0]).size());
  for (const Value pair : items(arguments[0])) {
    const bool sequence = pair.kind == Kind::kList || pair.kind == Kind::kTuple;
    if (!sequence || items(pair).size() != 2) bad_call(function);
    flat.insert(flat.end(), items(pair).begin(), items(pair).end());
  }
  return container(Kind::kDict, std::move(flat));
}

void Unpickler::build() {
  pop();
  const Value target = top();
  if (target.kind != Kind::kDict && target.kind != Kind::kOpaque) {
    forbidden("sets the state of " + name_of(target));
  }
}

PickleValue Unpickler::tuple(std::size_t count) {
  std::vector<Value> values(count);
  for (std::size_t i = count; i-- > 0;) values[i] = pop();
  return container(Kind::kTuple, std::move(values));
}

}  // namespace apatite::weights::torch
