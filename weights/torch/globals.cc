#include "weights/torch/globals.h"

#include <algorithm>
#include <array>

namespace apatite::weights::torch {
namespace {

using enum GlobalRole;

// "__builtin__" and "copy_reg" are Python 2's names, which protocol 2 keeps.
constexpr auto kGlobals = std::to_array<Global>({
    {"collections", "OrderedDict", kDict},
    {"collections", "Counter", kDict},  // milestones of a learning-rate schedule
    {"collections", "defaultdict", kDefaultDict},
    {"torch", "Size", kSequence},
    {"__builtin__", "set", kSequence},
    {"builtins", "set", kSequence},
    {"torch._utils", "_rebuild_tensor", kTensor},
    {"torch._utils", "_rebuild_tensor_v2", kTensor},
    {"torch._utils", "_rebuild_parameter", kParameter},
    {"torch", "device", kOpaque},
    {"numpy", "dtype", kOpaque},
    {"numpy.core.multiarray", "scalar", kOpaque},
    {"numpy._core.multiarray", "scalar", kOpaque},
    {"_codecs", "encode", kOpaque},  // bytes in protocol 2: the value of a numpy number
    {"torch", "DoubleStorage", kStorage},
    {"torch", "FloatStorage", kStorage},
    {"torch", "HalfStorage", kStorage},
    {"torch", "BFloat16Storage", kStorage},
    {"torch", "LongStorage", kStorage},
    {"torch", "IntStorage", kStorage},
    {"torch", "ShortStorage", kStorage},
    {"torch", "CharStorage", kStorage},
    {"torch", "ByteStorage", kStorage},
    {"torch", "BoolStorage", kStorage},
    {"torch.cuda", "DoubleStorage", kStorage},
    {"torch.cuda", "FloatStorage", kStorage},
    {"torch.cuda", "HalfStorage", kStorage},
    {"torch.cuda", "BFloat16Storage", kStorage},
    {"torch.cuda", "LongStorage", kStorage},
    {"torch.cuda", "IntStorage", kStorage},
    {"torch.cuda", "ShortStorage", kStorage},
    {"torch.cuda", "CharStorage", kStorage},
    {"torch.cuda", "ByteStorage", kStorage},
    {"torch.cuda", "BoolStorage", kStorage},
    {"torch", "float64", kName},
    {"torch", "float32", kName},
    {"torch", "float16", kName},
    {"torch", "bfloat16", kName},
    {"torch", "int64", kName},
    {"torch", "int32", kName},
    {"torch", "int16", kName},
    {"torch", "int8", kName},
    {"torch", "uint8", kName},
    {"torch", "bool", kName},
    {"__builtin__", "dict", kName},
    {"builtins", "dict", kName},
    {"__builtin__", "list", kName},
    {"builtins", "list", kName},
    {"__builtin__", "int", kName},
    {"builtins", "int", kName},
    {"__builtin__", "float", kName},
    {"builtins", "float", kName},
});

}  // namespace

std::span<const Global> globals() { return kGlobals; }

int find_global(std::string_view module, std::string_view name) {
  const auto* found = std::find_if(kGlobals.begin(), kGlobals.end(), [&](const Global& global) {
    return global.module == module && global.name == name;
  });
  return found == kGlobals.end() ? -1 : static_cast<int>(found - kGlobals.begin());
}

}  // namespace apatite::weights::torch
