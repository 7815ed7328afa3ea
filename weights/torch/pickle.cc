#include "weights/torch/pickle.h"

#include <bit>
#include <charconv>
#include <string>
#include <unordered_map>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "weights/torch/opcodes.h"
#include "weights/torch/refusal.h"

namespace apatite::torch {
namespace {

constexpr std::uint8_t kHighestProtocol = 5;

}  // namespace

// One run of the pickle machine: a stack, marks on it, a memo.
class Unpickler {
 public:
  Unpickler(std::span<const std::byte> bytes, std::string_view where, Pickle& pickle)
      : bytes_(bytes), where_(where), pickle_(pickle) {}

  void run() {
    while (step()) {
    }
    pickle_.size_ = at_;
  }

 private:
  using Kind = PickleKind;
  using Value = PickleValue;

  [[noreturn]] void damaged(std::string_view what) const {
    throw Error(ErrorKind::kBadFile, where_,
                "its pickle " + std::string(what) + " (byte " + std::to_string(opcode_at_) + ")",
                kDamaged);
  }
  // The pickle is well formed, but asks for what no state dict needs.
  [[noreturn]] void forbidden(std::string_view what) const {
    throw Error(ErrorKind::kBadFile, where_,
                "refused: the pickle " + std::string(what) +
                    ", which no state dict needs (nothing was executed)",
                kSaveWeights);
  }

  // ---- bytes ----
  std::span<const std::byte> take(std::uint64_t count) {
    if (count > bytes_.size() - at_) damaged("ends too early");
    const auto taken = bytes_.subspan(at_, static_cast<std::size_t>(count));
    at_ += taken.size();
    return taken;
  }
  template <class T>
  T little() {
    return load_little<T>(take(sizeof(T)).data());
  }
  // The text up to the next newline, which is skipped.
  std::string_view line() {
    const std::string_view rest = as_text(bytes_.subspan(at_));
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) damaged("ends too early");
    at_ += end + 1;
    return rest.substr(0, end);
  }

  // ---- stack ----
  void push(Value value) {
    if (stack_.size() >= Pickle::kMaxValues) too_large();
    stack_.push_back(value);
  }
  Value pop() {
    if (stack_.size() <= floor()) damaged("takes a value that is not there");
    const Value value = stack_.back();
    stack_.pop_back();
    return value;
  }
  Value& top() {
    if (stack_.size() <= floor()) damaged("takes a value that is not there");
    return stack_.back();
  }
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  // The values above the last mark, in order; the mark goes.
  std::vector<Value> pop_mark() {
    if (marks_.empty()) damaged("lacks a mark");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Value> values(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return values;
  }
  [[noreturn]] void too_large() const {
    throw Error(ErrorKind::kBadFile, where_,
                "its pickle holds more than " + with_thousands(Pickle::kMaxValues) + " values",
                kSaveWeights);
  }

  // ---- values ----
  static Value boolean(bool value) { return {Kind::kBool, 0, value ? 1 : 0}; }
  static Value integer(std::int64_t value) { return {Kind::kInteger, 0, value}; }
  Value text(std::string_view text, Kind kind = Kind::kText) {
    if (pickle_.texts_.size() >= Pickle::kMaxValues) too_large();
    pickle_.texts_.push_back(text);
    return {kind, static_cast<std::uint32_t>(pickle_.texts_.size() - 1)};
  }
  Value text(std::span<const std::byte> bytes) { return text(as_text(bytes)); }
  Value container(Kind kind, std::vector<Value> items) {
    if (pickle_.containers_.size() >= Pickle::kMaxValues) too_large();
    charge(items.size());
    pickle_.containers_.push_back(std::move(items));
    return {kind, static_cast<std::uint32_t>(pickle_.containers_.size() - 1)};
  }
  std::vector<Value>& items(Value value) { return pickle_.containers_[value.index]; }
  // Every item that any container ever gets is counted, so that repeated copies stay bounded.
  void charge(std::size_t count) {
    items_ += count;
    if (items_ > Pickle::kMaxValues) too_large();
  }

  Value tuple(std::size_t count) {
    std::vector<Value> values(count);
    for (std::size_t i = count; i-- > 0;) values[i] = pop();
    return container(Kind::kTuple, std::move(values));
  }
  void extend(Kind kind, std::span<const Value> values) {
    const Value target = top();
    if (target.kind != kind) {
      damaged("adds items to a value of type " + std::string(kind_name(target.kind)));
    }
    charge(values.size());
    items(target).insert(items(target).end(), values.begin(), values.end());
  }
  std::vector<Value> pairs(std::vector<Value> values) const {
    if (values.size() % 2 != 0) damaged("has a key without a value");
    return values;
  }

  // Two's complement, lowest byte first.
  Value long_integer(std::span<const std::byte> bytes) {
    if (bytes.size() > sizeof(std::int64_t)) return text(as_text(bytes), Kind::kLong);
    std::uint64_t value = 0;
    const bool negative = !bytes.empty() && (bytes.back() & std::byte{0x80}) != std::byte{0};
    if (negative) value = ~std::uint64_t{0};
    for (std::size_t i = bytes.size(); i-- > 0;) {
      value = value << 8U | std::to_integer<std::uint64_t>(bytes[i]);
    }
    return integer(static_cast<std::int64_t>(value));
  }
  template <class T>
  T decimal(std::string_view digits) const {
    T value{};
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) damaged("has a bad number");
    return value;
  }
  static Value real(double value) { return {Kind::kFloat, 0, std::bit_cast<std::int64_t>(value)}; }

  // ---- memo ----
  void remember(std::uint64_t key) {
    if (memo_.size() >= Pickle::kMaxValues) too_large();
    memo_[key] = top();
  }
  void recall(std::uint64_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) damaged("recalls a value that it has not stored");
    push(found->second);
  }

  // ---- names and calls ----
  Value global(std::string_view module, std::string_view name) const {
    const int index = find_global(module, name);
    if (index < 0) forbidden("calls " + printable(module) + "." + printable(name));
    return {Kind::kGlobal, static_cast<std::uint32_t>(index)};
  }
  std::string name_of(Value value) const {
    if (value.kind != Kind::kGlobal) {
      return "a value of type " + std::string(kind_name(value.kind));
    }
    const Global& global = globals()[value.index];
    return std::string(global.module) + "." + std::string(global.name);
  }
  [[noreturn]] void bad_call(Value function) const {
    damaged("calls " + name_of(function) + " with arguments that it does not take");
  }

  Value call(Value function, Value arguments) {
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
        if (values.size() != 1 ||
            (values[0].kind != Kind::kTuple && values[0].kind != Kind::kList)) {
          bad_call(function);
        }
        return container(Kind::kTuple, items(values[0]));
      case GlobalRole::kTensor:
        if (values.size() < 4 || values.size() > 7 || values[0].kind != Kind::kStorage)
          bad_call(function);
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

  // OrderedDict() or OrderedDict(dict) or OrderedDict([[key, value], ...]).
  Value dict_of(Value function, std::span<const Value> arguments) {
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

  // BUILD sets attributes. State dicts carry `_metadata` (versions of their modules) this way, and
  // numpy's dtype its byte order; neither is needed.
  void build() {
    pop();
    const Value target = top();
    if (target.kind != Kind::kDict && target.kind != Kind::kOpaque) {
      forbidden("sets the state of " + name_of(target));
    }
  }

  bool step();
  void scalar(Opcode opcode);
  void sequence(Opcode opcode);
  void memo(Opcode opcode);
  void object(Opcode opcode);

  std::span<const std::byte> bytes_;
  std::string_view where_;
  Pickle& pickle_;
  std::size_t at_ = 0;
  std::size_t opcode_at_ = 0;
  std::size_t items_ = 0;
  std::vector<Value> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, Value> memo_;
};

// One opcode; false after STOP.
bool Unpickler::step() {
  opcode_at_ = at_;
  const auto opcode = static_cast<Opcode>(little<std::uint8_t>());
  switch (opcode) {
    case Opcode::kStop:
      if (stack_.size() != 1 || !marks_.empty()) damaged("does not end with one value");
      pickle_.root_ = stack_.back();
      return false;
    case Opcode::kProto:
      if (little<std::uint8_t>() > kHighestProtocol) damaged("has an unknown protocol");
      break;
    case Opcode::kFrame:
      if (little<std::uint64_t>() > bytes_.size() - at_) damaged("ends too early");
      break;
    case Opcode::kMark:
      if (marks_.size() >= Pickle::kMaxValues) too_large();
      marks_.push_back(stack_.size());
      break;
    case Opcode::kPop:
      if (!marks_.empty() && stack_.size() == marks_.back()) {
        marks_.pop_back();
      } else {
        pop();
      }
      break;
    case Opcode::kPopMark:
      pop_mark();
      break;
    case Opcode::kDup:
      push(top());
      break;
    default:
      scalar(opcode);
  }
  return true;
}

void Unpickler::scalar(Opcode opcode) {
  switch (opcode) {
    case Opcode::kNone:
      return push({});
    case Opcode::kNewTrue:
      return push(boolean(true));
    case Opcode::kNewFalse:
      return push(boolean(false));
    case Opcode::kBinInt:
      return push(integer(static_cast<std::int32_t>(little<std::uint32_t>())));
    case Opcode::kBinInt1:
      return push(integer(little<std::uint8_t>()));
    case Opcode::kBinInt2:
      return push(integer(little<std::uint16_t>()));
    case Opcode::kInt: {
      const std::string_view digits = line();
      if (digits == "00" || digits == "01") return push(boolean(digits == "01"));
      return push(integer(decimal<std::int64_t>(digits)));
    }
    case Opcode::kLong: {
      std::string_view digits = line();
      if (digits.ends_with('L')) digits.remove_suffix(1);
      return push(integer(decimal<std::int64_t>(digits)));
    }
    case Opcode::kLong1:
      return push(long_integer(take(little<std::uint8_t>())));
    case Opcode::kLong4:
      return push(long_integer(take(little<std::uint32_t>())));
    case Opcode::kFloat:
      return push(real(decimal<double>(line())));
    case Opcode::kBinFloat:
      return push(real(std::bit_cast<double>(load_big<std::uint64_t>(take(8).data()))));
    case Opcode::kShortBinUnicode:
    case Opcode::kShortBinString:
    case Opcode::kShortBinBytes:
      return push(text(take(little<std::uint8_t>())));
    case Opcode::kBinUnicode:
    case Opcode::kBinString:
    case Opcode::kBinBytes:
      return push(text(take(little<std::uint32_t>())));
    case Opcode::kBinUnicode8:
    case Opcode::kBinBytes8:
    case Opcode::kByteArray8:
      return push(text(take(little<std::uint64_t>())));
    default:
      return sequence(opcode);
  }
}

void Unpickler::sequence(Opcode opcode) {
  switch (opcode) {
    case Opcode::kEmptyTuple:
      return push(container(Kind::kTuple, {}));
    case Opcode::kTuple1:
      return push(tuple(1));
    case Opcode::kTuple2:
      return push(tuple(2));
    case Opcode::kTuple3:
      return push(tuple(3));
    case Opcode::kTuple:
    case Opcode::kFrozenSet:
      return push(container(Kind::kTuple, pop_mark()));
    case Opcode::kEmptyList:
    case Opcode::kEmptySet:
      return push(container(Kind::kList, {}));
    case Opcode::kList:
      return push(container(Kind::kList, pop_mark()));
    case Opcode::kAppend:
      return extend(Kind::kList, std::vector{pop()});
    case Opcode::kAppends:
    case Opcode::kAddItems:
      return extend(Kind::kList, pop_mark());
    case Opcode::kEmptyDict:
      return push(container(Kind::kDict, {}));
    case Opcode::kDict:
      return push(container(Kind::kDict, pairs(pop_mark())));
    case Opcode::kSetItem: {
      const Value value = pop();
      const Value key = pop();
      return extend(Kind::kDict, std::vector{key, value});
    }
    case Opcode::kSetItems:
      return extend(Kind::kDict, pairs(pop_mark()));
    default:
      return memo(opcode);
  }
}

void Unpickler::memo(Opcode opcode) {
  switch (opcode) {
    case Opcode::kMemoize:
      return remember(memo_.size());
    case Opcode::kPut:
      return remember(decimal<std::uint32_t>(line()));
    case Opcode::kBinPut:
      return remember(little<std::uint8_t>());
    case Opcode::kLongBinPut:
      return remember(little<std::uint32_t>());
    case Opcode::kGet:
      return recall(decimal<std::uint32_t>(line()));
    case Opcode::kBinGet:
      return recall(little<std::uint8_t>());
    case Opcode::kLongBinGet:
      return recall(little<std::uint32_t>());
    default:
      return object(opcode);
  }
}

void Unpickler::object(Opcode opcode) {
  switch (opcode) {
    case Opcode::kGlobal: {
      const std::string_view module = line();
      return push(global(module, line()));
    }
    case Opcode::kStackGlobal: {
      const Value name = pop();
      const Value module = pop();
      if (name.kind != Kind::kText || module.kind != Kind::kText) damaged("has a bad name");
      return push(global(pickle_.text(module), pickle_.text(name)));
    }
    case Opcode::kReduce: {
      const Value arguments = pop();
      const Value function = pop();
      return push(call(function, arguments));
    }
    case Opcode::kBuild:
      return build();
    case Opcode::kBinPersId: {
      const Value id = pop();
      if (id.kind != Kind::kTuple) damaged("has a storage that torch does not write");
      const Value storage = container(Kind::kStorage, items(id));
      pickle_.storages_.push_back(storage);
      return push(storage);
    }
    case Opcode::kInst: {
      const std::string_view module = line();
      forbidden("calls " + name_of(global(module, line())));
    }
    case Opcode::kNewObj:
    case Opcode::kNewObjEx: {
      if (opcode == Opcode::kNewObjEx) pop();
      pop();
      forbidden("makes an object of " + name_of(pop()));
    }
    case Opcode::kObj: {
      const std::vector<Value> values = pop_mark();
      forbidden("makes an object of " + (values.empty() ? "nothing" : name_of(values[0])));
    }
    case Opcode::kExt1:
    case Opcode::kExt2:
    case Opcode::kExt4:
      forbidden("uses the extension registry");
    case Opcode::kNextBuffer:
    case Opcode::kReadOnlyBuffer:
      forbidden("uses a buffer outside itself");
    case Opcode::kPersId:
    case Opcode::kString:
    case Opcode::kUnicode:
      damaged("uses text opcodes (protocol 0), which torch.save never writes");
    default:
      damaged("has an unknown opcode");
  }
}

Pickle::Pickle(std::span<const std::byte> bytes, std::string_view where) {
  Unpickler(bytes, where, *this).run();
}

std::string_view Pickle::text(PickleValue value) const { return texts_.at(value.index); }
const Global& Pickle::global(PickleValue value) const { return globals()[value.index]; }
std::span<const PickleValue> Pickle::items(PickleValue container) const {
  return containers_.at(container.index);
}

std::string_view kind_name(PickleKind kind) {
  switch (kind) {
    case PickleKind::kNone:
      return "None";
    case PickleKind::kBool:
      return "bool";
    case PickleKind::kInteger:
    case PickleKind::kLong:
      return "int";
    case PickleKind::kFloat:
      return "float";
    case PickleKind::kText:
      return "str";
    case PickleKind::kGlobal:
      return "name";
    case PickleKind::kOpaque:
      return "object";
    case PickleKind::kTuple:
      return "tuple";
    case PickleKind::kList:
      return "list";
    case PickleKind::kDict:
      return "dict";
    case PickleKind::kStorage:
      return "storage";
    case PickleKind::kTensor:
      return "tensor";
  }
  return "?";
}

}  // namespace apatite::torch
