// The pickle machine behind pickle.h: a stack, marks on it, a memo. Not for users of the library.
#pragma once

#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "weights/torch/opcodes.h"
#include "weights/torch/pickle.h"
#include "weights/torch/refusal.h"

namespace apatite::weights::torch {

// One run over one pickle. The opcodes are in pickle.cc, the values that they make in unpickler.cc.
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
  std::vector<Value> pop_mark();
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

  Value tuple(std::size_t count);
  void extend(Kind kind, std::span<const Value> values);
  std::vector<Value> pairs(std::vector<Value> values) const {
    if (values.size() % 2 != 0) damaged("has a key without a value");
    return values;
  }

  // Two's complement, lowest byte first.
  Value long_integer(std::span<const std::byte> bytes);
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

  Value call(Value function, Value arguments);

  // OrderedDict() or OrderedDict(dict) or OrderedDict([[key, value], ...]).
  Value dict_of(Value function, std::span<const Value> arguments);

  // BUILD sets attributes. State dicts carry `_metadata` (versions of their modules) this way, and
  // numpy's dtype its byte order; neither is needed.
  void build();

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

}  // namespace apatite::weights::torch
