// The number formats of tensors in files, and their decoding to binary32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace apatite::weights {

// The element types that safetensors 0.8 names. Those of is_decodable() can be read; the others are
// recognised, so that a message can name them.
enum class DType {
  kBool,
  kF4,
  kF6E2M3,
  kF6E3M2,
  kU8,
  kI8,
  kF8E5M2,
  kF8E4M3,
  kF8E8M0,
  kF8E4M3Fnuz,
  kF8E5M2Fnuz,
  kI16,
  kU16,
  kF16,
  kBF16,
  kI32,
  kU32,
  kF32,
  kC64,
  kF64,
  kI64,
  kU64,
};

// "F32", "BF16", ... as safetensors spells it.
std::string_view dtype_name(DType dtype);
std::optional<DType> find_dtype(std::string_view name);
// Bits of one element.
std::int64_t dtype_bits(DType dtype);
// F16, BF16, F32 and F64.
bool is_decodable(DType dtype);
// Every value of the type is a binary32 value: F16, BF16 and F32.
bool is_exact_in_binary32(DType dtype);

// What decode() changed or found.
struct DecodeReport {
  std::int64_t negative_zeros = 0;     // -0 that became +0
  std::int64_t rounded = 0;            // F64 values that binary32 does not hold
  std::int64_t first_non_finite = -1;  // index of the first infinity or NaN in `values`, or -1
};

// Decodes values.size() little-endian elements to binary32: F32 as it is, F16 and BF16 exactly
// (subnormals too), F64 rounded once to nearest even, whatever the floating-point environment; a
// F64 beyond binary32 becomes an infinity, which the report names. `bytes` needs no alignment and
// must have exactly the right size (Error kInternal otherwise).
DecodeReport decode(DType dtype, std::span<const std::byte> bytes, std::span<float> values);

}  // namespace apatite::weights
