#include "weights/safetensors/dtype.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>

#include "base/error.h"
#include "engine/graph/tensor.h"
#include "engine/runtime/fp_environment.h"

namespace apatite::weights {
namespace {

static_assert(std::endian::native == std::endian::little,
              "decode() copies little-endian elements; a big-endian host needs a swap here");

struct DTypeRow {
  DType dtype;
  std::string_view name;
  std::int64_t bits;
};

constexpr std::array<DTypeRow, 22> kTypes{{{DType::kBool, "BOOL", 8},
                                           {DType::kF4, "F4", 4},
                                           {DType::kF6E2M3, "F6_E2M3", 6},
                                           {DType::kF6E3M2, "F6_E3M2", 6},
                                           {DType::kU8, "U8", 8},
                                           {DType::kI8, "I8", 8},
                                           {DType::kF8E5M2, "F8_E5M2", 8},
                                           {DType::kF8E4M3, "F8_E4M3", 8},
                                           {DType::kF8E8M0, "F8_E8M0", 8},
                                           {DType::kF8E4M3Fnuz, "F8_E4M3FNUZ", 8},
                                           {DType::kF8E5M2Fnuz, "F8_E5M2FNUZ", 8},
                                           {DType::kI16, "I16", 16},
                                           {DType::kU16, "U16", 16},
                                           {DType::kF16, "F16", 16},
                                           {DType::kBF16, "BF16", 16},
                                           {DType::kI32, "I32", 32},
                                           {DType::kU32, "U32", 32},
                                           {DType::kF32, "F32", 32},
                                           {DType::kC64, "C64", 64},
                                           {DType::kF64, "F64", 64},
                                           {DType::kI64, "I64", 64},
                                           {DType::kU64, "U64", 64}}};

constexpr bool rows_match_enum() {
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (static_cast<std::size_t>(kTypes[i].dtype) != i) return false;
  }
  return true;
}
static_assert(rows_match_enum());

constexpr const DTypeRow& row(DType dtype) { return kTypes[static_cast<std::size_t>(dtype)]; }

// IEEE 754 binary16: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits.
float from_half(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16U;
  const std::uint32_t exponent = (bits >> 10U) & 0x1FU;
  const std::uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000U | (fraction << 13U));
  if (exponent != 0) {
    return std::bit_cast<float>(sign | ((exponent + 127 - 15) << 23U) | (fraction << 13U));
  }
  const float magnitude = static_cast<float>(fraction) * 0x1p-24F;  // exact: zero or subnormal
  return sign == 0 ? magnitude : -magnitude;
}

// The upper half of a binary32.
float from_bfloat(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
}

template <class Element>
Element element_at(std::span<const std::byte> bytes, std::size_t index) {
  Element value;
  std::memcpy(&value, bytes.data() + index * sizeof(Element), sizeof(Element));
  return value;
}

// Decodes elements [first, first + block.size()) without looking at what they are; returns how many
// were rounded.
std::int64_t decode_block(DType dtype, std::span<const std::byte> bytes, std::size_t first,
                          std::span<float> block) {
  std::int64_t rounded = 0;
  switch (dtype) {
    case DType::kF32:
      std::memcpy(block.data(), bytes.data() + first * sizeof(float), block.size_bytes());
      break;
    case DType::kF16:
      for (std::size_t i = 0; i < block.size(); ++i) {
        block[i] = from_half(element_at<std::uint16_t>(bytes, first + i));
      }
      break;
    case DType::kBF16:
      for (std::size_t i = 0; i < block.size(); ++i) {
        block[i] = from_bfloat(element_at<std::uint16_t>(bytes, first + i));
      }
      break;
    case DType::kF64:
      for (std::size_t i = 0; i < block.size(); ++i) {
        const auto wide = element_at<double>(bytes, first + i);
        block[i] = static_cast<float>(wide);
        rounded += (static_cast<double>(block[i]) == wide || std::isnan(wide)) ? 0 : 1;
      }
      break;
    default:
      throw Error(ErrorKind::kInternal, "decode",
                  "elements of type " + std::string(dtype_name(dtype)) + " cannot be decoded");
  }
  return rounded;
}

}  // namespace

std::string_view dtype_name(DType dtype) { return row(dtype).name; }

std::optional<DType> find_dtype(std::string_view name) {
  for (const DTypeRow& type : kTypes) {
    if (type.name == name) return type.dtype;
  }
  return std::nullopt;
}

std::int64_t dtype_bits(DType dtype) { return row(dtype).bits; }

bool is_exact_in_binary32(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16;
}

bool is_decodable(DType dtype) { return is_exact_in_binary32(dtype) || dtype == DType::kF64; }

DecodeReport decode(DType dtype, std::span<const std::byte> bytes, std::span<float> values) {
  if (bytes.size() * 8 != values.size() * static_cast<std::size_t>(dtype_bits(dtype))) {
    throw Error(ErrorKind::kInternal, "decode", "the number of bytes is not that of the elements");
  }
  const engine::FpEnvironment environment;
  // Blocks that stay in the first-level cache between the copy and the look at the values.
  constexpr std::size_t kBlock = 4096;
  DecodeReport report;
  for (std::size_t first = 0; first < values.size(); first += kBlock) {
    const auto block = values.subspan(first, std::min(kBlock, values.size() - first));
    report.rounded += decode_block(dtype, bytes, first, block);
    const engine::CanonicalReport canonical = engine::canonicalize(block);
    report.negative_zeros += canonical.negative_zeros;
    if (report.first_non_finite < 0 && canonical.first_non_finite >= 0) {
      report.first_non_finite = static_cast<std::int64_t>(first) + canonical.first_non_finite;
    }
  }
  return report;
}

}  // namespace apatite::weights
