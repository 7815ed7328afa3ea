// Reads integers from the bytes of a file, independently of the byte order of the machine.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace apatite {

// Reads the unsigned integer at `bytes`, lowest byte first. The caller has checked the size.
template <std::unsigned_integral T>
constexpr T load_little(const std::byte* bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = sizeof(T); i-- > 0;) {
    value = value << 8U | std::to_integer<std::uint64_t>(bytes[i]);
  }
  return static_cast<T>(value);
}

// Highest byte first.
template <std::unsigned_integral T>
constexpr T load_big(const std::byte* bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = value << 8U | std::to_integer<std::uint64_t>(bytes[i]);
  }
  return static_cast<T>(value);
}

// The same bytes seen as text.
inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::span<const std::byte> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace apatite
