#include "weights/torch/pickle.h"

#include <gtest/gtest.h>

#include <bit>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "tests/weights/torch/raw_pickle.h"

namespace apatite::weights::torch {
namespace {

using namespace std::string_literals;

constexpr std::string_view kSaveWeights =
    "; save the weights alone: torch.save(model.state_dict(), \"weights.pth\")";

std::string show(const Pickle& pickle, PickleValue value) {
  const auto all = [&](std::string_view open, std::string_view close) {
    std::string text(open);
    for (const PickleValue item : pickle.items(value)) text += show(pickle, item) + " ";
    return text.append(close);
  };
  switch (value.kind) {
    case PickleKind::kNone:
      return "None";
    case PickleKind::kBool:
      return value.integer == 1 ? "True" : "False";
    case PickleKind::kInteger:
      return to_text(value.integer);
    case PickleKind::kFloat:
      return to_text(std::bit_cast<double>(value.integer));
    case PickleKind::kLong:
      return "long" + std::to_string(pickle.text(value).size());
    case PickleKind::kText:
      return "'" + std::string(pickle.text(value)) + "'";
    case PickleKind::kGlobal:
      return std::string(pickle.global(value).name);
    case PickleKind::kOpaque:
      return "opaque";
    case PickleKind::kTuple:
      return all("( ", ")");
    case PickleKind::kList:
      return all("[ ", "]");
    case PickleKind::kDict:
      return all("{ ", "}");
    case PickleKind::kStorage:
      return all("storage( ", ")");
    case PickleKind::kTensor:
      return all("tensor( ", ")");
  }
  return "?";
}

std::string outcome(const std::string& bytes) {
  try {
    const Pickle pickle(as_bytes(bytes), "f");
    EXPECT_EQ(pickle.size(), bytes.size());
    return show(pickle, pickle.root());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadFile);
    return error.what();
  }
}

std::string refused(std::string_view what) {
  return "f: refused: the pickle " + std::string(what) +
         ", which no state dict needs (nothing was executed)" + std::string(kSaveWeights);
}
std::string damaged(std::string_view what, int at) {
  return "f: its pickle " + std::string(what) + " (byte " + std::to_string(at) +
         "); the file is damaged or cut off: copy or download it again";
}

TEST(Pickle, ReadsScalars) {
  EXPECT_EQ(outcome("N."), "None");
  EXPECT_EQ(outcome("\x80\x02\x88."), "True");
  EXPECT_EQ(outcome("I00\n."), "False");
  EXPECT_EQ(outcome("I-12\n."), "-12");
  EXPECT_EQ(outcome("L12L\n."), "12");
  EXPECT_EQ(outcome("K\xff."), "255");
  EXPECT_EQ(outcome("M\x01\x02."), "513");
  EXPECT_EQ(outcome("J\xfe\xff\xff\xff."), "-2");
  EXPECT_EQ(outcome("\x8a\x00."s), "0");
  EXPECT_EQ(outcome("\x8a\x01\xff."), "-1");
  EXPECT_EQ(outcome("\x8a\x02\x00\x01."s), "256");
  EXPECT_EQ(outcome("\x8b\x01\x00\x00\x00\x80."s), "-128");
  EXPECT_EQ(outcome("\x8a\x09"
                    "123456789."),
            "long9");
  EXPECT_EQ(outcome("G\x3f\xf8\x00\x00\x00\x00\x00\x00."s), "1.5");
  EXPECT_EQ(outcome("F-0.5\n."), "-0.5");
}

TEST(Pickle, ReadsTextOfEveryProtocol) {
  EXPECT_EQ(outcome("X\x02\x00\x00\x00yz."s), "'yz'");
  EXPECT_EQ(outcome("\x8c\x02yz."), "'yz'");
  EXPECT_EQ(outcome("\x8d\x02\x00\x00\x00\x00\x00\x00\x00yz."s), "'yz'");
  EXPECT_EQ(outcome("U\x02yz."), "'yz'");
  EXPECT_EQ(outcome("C\x01y."), "'y'");
}

TEST(Pickle, ReadsContainers) {
  EXPECT_EQ(outcome("(K\x01K\x02t."), "( 1 2 )");
  EXPECT_EQ(outcome("K\x01K\x02K\x03\x87."), "( 1 2 3 )");
  EXPECT_EQ(outcome("](NNe."), "[ None None ]");
  EXPECT_EQ(outcome("]Na."), "[ None ]");
  EXPECT_EQ(outcome("(K\x01Nd."), "{ 1 None }");
  EXPECT_EQ(outcome("}(K\x01Nu."), "{ 1 None }");
  EXPECT_EQ(outcome("}K\x01Ns."), "{ 1 None }");
  EXPECT_EQ(outcome("\x8f(K\x05\x90."), "[ 5 ]");
  EXPECT_EQ(outcome("N0K\x01."), "1");
  EXPECT_EQ(outcome("K\x01(N1."), "1");
  EXPECT_EQ(outcome("N(0."), "None");
  EXPECT_EQ(outcome("N2\x86."), "( None None )");
}

TEST(Pickle, RemembersAndRecalls) {
  EXPECT_EQ(outcome("K\x07q\x00h\x00\x86."s), "( 7 7 )");
  EXPECT_EQ(outcome("K\x07\x94h\x00\x86."s), "( 7 7 )");
  EXPECT_EQ(outcome("K\x07p12\ng12\n\x86."), "( 7 7 )");
  EXPECT_EQ(outcome("K\x07r\xf0\xff\xff\xffj\xf0\xff\xff\xff\x86."), "( 7 7 )");
  EXPECT_EQ(outcome("h\x05."), damaged("recalls a value that it has not stored", 0));
}

TEST(Pickle, BuildsWhatStateDictsAreMadeOf) {
  const std::string ordered_dict = raw::global("collections", "OrderedDict");
  EXPECT_EQ(outcome(ordered_dict + ")R."), "{ }");
  EXPECT_EQ(outcome(ordered_dict + "]](NNea\x85R."), "{ None None }");
  EXPECT_EQ(outcome(ordered_dict + ")R}b."), "{ }");
  EXPECT_EQ(outcome(raw::global("collections", "defaultdict") + raw::global("__builtin__", "dict") +
                    "\x85R."),
            "{ }");
  EXPECT_EQ(outcome(raw::global("torch", "Size") + "K\x01K\x02\x86\x85R."), "( 1 2 )");
  EXPECT_EQ(outcome("\x8c\x05torch\x8c\x06"
                    "device\x93\x8c\x03"
                    "cpu\x85R."),
            "opaque");
  EXPECT_EQ(outcome(raw::tensor({.key = "0", .count = 1, .dims = {1}, .strides = {1}}) + "."),
            "tensor( storage( 'storage' FloatStorage '0' 'cpu' 1 ) 0 ( 1 ) ( 1 ) False { } )");
}

struct Attack {
  std::string bytes;
  std::string what;
};

TEST(Pickle, RefusesEveryWayToCallSomething) {
  const std::string argument = raw::text("echo") + "\x85";
  const std::string ordered_dict = raw::global("collections", "OrderedDict");
  const std::vector<Attack> attacks{
      {raw::global("os", "system") + argument + "R.", "calls os.system"},
      {raw::global("posix", "system") + argument + "R.", "calls posix.system"},
      {raw::global("builtins", "eval") + argument + "R.", "calls builtins.eval"},
      {raw::global("__builtin__", "getattr") + ".", "calls __builtin__.getattr"},
      {raw::global("torch.serialization", "load") + argument + "R.",
       "calls torch.serialization.load"},
      {"\x80\x04\x8c\x02os\x8c\x06system\x93" + argument + "R.", "calls os.system"},
      {"(" + raw::text("echo") + "ios\nsystem\n.", "calls os.system"},
      {"(icollections\nOrderedDict\n.", "calls collections.OrderedDict"},
      {"(" + raw::global("subprocess", "Popen") + raw::text("echo") + "o.",
       "calls subprocess.Popen"},
      {"(" + raw::global("torch", "Size") + "o.", "makes an object of torch.Size"},
      {"(o.", "makes an object of nothing"},
      {raw::global("pty", "spawn") + ")\x81.", "calls pty.spawn"},
      {ordered_dict + ")\x81.", "makes an object of collections.OrderedDict"},
      {ordered_dict + ")}\x92.", "makes an object of collections.OrderedDict"},
      {raw::global("torch", "FloatStorage") + ")R.", "calls torch.FloatStorage"},
      {raw::global("builtins", "dict") + ")R.", "calls builtins.dict"},
      {"N)R.", "calls a value of type None"},
      {raw::global("torch", "FloatStorage") + "}b.", "sets the state of torch.FloatStorage"},
      {"K\x01}b.", "sets the state of a value of type int"},
      {raw::tensor({.count = 1, .dims = {1}, .strides = {1}}) + "}b.",
       "sets the state of a value of type tensor"},
      {"\x82\x01.", "uses the extension registry"},
      {"\x97.", "uses a buffer outside itself"},
      {raw::global("o\r" + std::string(1000, 's'), "x") + ".",
       "calls o?" + std::string(78, 's') + "....x"},
  };
  for (const Attack& attack : attacks) {
    EXPECT_EQ(outcome(attack.bytes), refused(attack.what)) << attack.bytes;
  }
}

TEST(Pickle, RefusesWrongArguments) {
  EXPECT_EQ(outcome(raw::global("collections", "OrderedDict") + "N\x85R."),
            damaged("calls collections.OrderedDict with arguments that it does not take", 27));
  EXPECT_EQ(
      outcome(raw::global("torch._utils", "_rebuild_tensor_v2") + ")R."),
      damaged("calls torch._utils._rebuild_tensor_v2 with arguments that it does not take", 34));
  EXPECT_EQ(outcome(raw::global("torch", "Size") + "NR."),
            damaged("calls torch.Size with arguments that it does not take", 13));
  EXPECT_EQ(outcome("NQ."), damaged("has a storage that torch does not write", 1));
}

TEST(Pickle, RefusesABrokenMachine) {
  EXPECT_EQ(outcome(""), damaged("ends too early", 0));
  EXPECT_EQ(outcome("N"), damaged("ends too early", 1));
  EXPECT_EQ(outcome("."), damaged("does not end with one value", 0));
  EXPECT_EQ(outcome("NN."), damaged("does not end with one value", 2));
  EXPECT_EQ(outcome("N(."), damaged("does not end with one value", 2));
  EXPECT_EQ(outcome("0."), damaged("takes a value that is not there", 0));
  EXPECT_EQ(outcome("N(a."), damaged("takes a value that is not there", 2));
  EXPECT_EQ(outcome("t."), damaged("lacks a mark", 0));
  EXPECT_EQ(outcome("}(Nu."), damaged("has a key without a value", 3));
  EXPECT_EQ(outcome("NNa."), damaged("adds items to a value of type None", 2));
  EXPECT_EQ(outcome("]NNs."), damaged("adds items to a value of type list", 3));
  EXPECT_EQ(outcome("\xff."), damaged("has an unknown opcode", 0));
  EXPECT_EQ(outcome("\x80\x06."), damaged("has an unknown protocol", 0));
  EXPECT_EQ(outcome("I1x\n."), damaged("has a bad number", 0));
  EXPECT_EQ(outcome("I99999999999999999999\n."), damaged("has a bad number", 0));
  EXPECT_EQ(outcome("S'a'\n."),
            damaged("uses text opcodes (protocol 0), which torch.save never writes", 0));
}

TEST(Pickle, RefusesLengthsBeyondItsEnd) {
  EXPECT_EQ(outcome("X\xff\xff\xff\xffyz."), damaged("ends too early", 0));
  EXPECT_EQ(outcome("\x8d\xff\xff\xff\xff\xff\xff\xff\xffyz."), damaged("ends too early", 0));
  EXPECT_EQ(outcome("\x8b\xff\xff\xff\xffyz."), damaged("ends too early", 0));
  EXPECT_EQ(outcome("\x95\xff\xff\xff\xff\x00\x00\x00\x00N."s), damaged("ends too early", 0));
  EXPECT_EQ(outcome("cos"), damaged("ends too early", 0));
}

TEST(Pickle, BoundsItsMemory) {
  const std::string too_large =
      "f: its pickle holds more than 1,048,576 values" + std::string(kSaveWeights);
  const std::size_t many = Pickle::kMaxValues + 1;
  EXPECT_EQ(outcome(std::string(many, 'N') + "."), too_large);
  EXPECT_EQ(outcome(std::string(many, '(') + "."), too_large);
  std::string memo = "N";
  std::string lists;
  for (std::size_t i = 0; i < many; ++i) {
    memo += '\x94';
    lists += "]0";
  }
  EXPECT_EQ(outcome(memo), too_large);
  EXPECT_EQ(outcome(lists), too_large);
  // A list of 1,000 pairs, turned into a dict again and again.
  std::string copies = "]";
  for (int i = 0; i < 1000; ++i) copies += "NN\x86\x61";  // a pair, appended
  copies += "q\x01\x30";                                  // stored, popped
  for (int i = 0; i < 1000; ++i) {
    copies += raw::global("collections", "OrderedDict") + "h\x01\x85R0";
  }
  EXPECT_EQ(outcome(copies), too_large);
}

TEST(Pickle, HoldsDeepAndCircularValues) {
  const std::string deep = std::string(100000, ']') + std::string(99999, 'a') + ".";
  const Pickle pickle(as_bytes(deep), "f");
  EXPECT_EQ(pickle.items(pickle.root()).size(), 1U);
  const std::string circle = "]q\x00h\x00\x61."s;
  const Pickle own(as_bytes(circle), "f");
  EXPECT_EQ(own.items(own.root())[0].index, own.root().index);
}

}  // namespace
}  // namespace apatite::weights::torch
