// The rule for every reader, as a test: on any bytes it reads or refuses with one line.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <string>

#include "base/error.h"

namespace apatite {

// `read` takes the bytes of a file and returns what it read as comparable text, or throws Error.
using Reader = std::function<std::string(const std::string& bytes)>;

// What `read` does with `bytes`, as text. Anything but a result or a one-line Error of a documented
// kind fails the test; so does a second run that differs from the first.
inline std::string verdict(const Reader& read, const std::string& bytes) {
  const auto once = [&] {
    try {
      return "read: " + read(bytes);
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), ErrorKind::kInternal) << error.what();
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      return "refused: " + std::string(error.what());
    } catch (const std::exception& error) {
      ADD_FAILURE() << "an exception other than Error: " << error.what();
      return std::string("exception");
    }
  };
  std::string first = once();
  EXPECT_EQ(first, once()) << "the same bytes, another verdict";
  return first;
}

// Every strict prefix of `valid` and every file with one byte flipped (all bits, and the lowest).
// `check` sees each verdict and the position; e.g. it demands that every prefix is refused.
inline void for_each_mutation(const std::string& valid, const Reader& read,
                              const std::function<void(const std::string& verdict,
                                                       std::size_t position, bool prefix)>& check) {
  ASSERT_FALSE(valid.empty());
  ASSERT_TRUE(verdict(read, valid).starts_with("read: ")) << verdict(read, valid);
  for (std::size_t length = 0; length < valid.size(); ++length) {
    check(verdict(read, valid.substr(0, length)), length, true);
  }
  for (std::size_t i = 0; i < valid.size(); ++i) {
    for (const int mask : {0xFF, 0x01}) {
      std::string flipped = valid;
      flipped[i] = static_cast<char>(flipped[i] ^ mask);
      check(verdict(read, flipped), i, false);
    }
  }
}

}  // namespace apatite
