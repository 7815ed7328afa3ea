#include "weights/torch/pickle.h"

#include <bit>

#include "weights/torch/unpickler.h"

namespace apatite::weights::torch {
namespace {

constexpr std::uint8_t kHighestProtocol = 5;

}  // namespace

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

}  // namespace apatite::weights::torch
