// Images of seeded samples and the goldens made from the same ones
// (tests/goldens/image/make_goldens.py).
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <type_traits>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "image/pixels/image.h"
#include "tests/support/source_dir.h"

namespace apatite {

// Sample i is the low bits of random_bits(seed, i), or random_symmetric(seed, i) for float.
template <class T>
image::Image seeded_image(std::uint64_t seed, std::int64_t height, std::int64_t width,
                          std::int64_t channels) {
  image::Image image = image::make_image<T>(height, width, channels);
  std::uint64_t i = 0;
  for (T& sample : image.values<T>()) {
    if constexpr (std::is_same_v<T, float>) {
      sample = random_symmetric(seed, i++);
    } else {
      sample = static_cast<T>(random_bits(seed, i++));
    }
  }
  return image;
}

template <class T>
image::Image image_of(std::int64_t height, std::int64_t width, std::int64_t channels,
                      const std::vector<T>& samples) {
  image::Image image = image::make_image<T>(height, width, channels);
  EXPECT_EQ(image.values<T>().size(), samples.size());
  std::copy(samples.begin(), samples.end(), image.values<T>().begin());
  return image;
}

template <class T>
std::vector<T> samples_of(const image::Image& image) {
  const auto values = image.values<T>();
  return {values.begin(), values.end()};
}

// The list "cases" of a file of tests/goldens/image; never empty.
inline Json golden_cases(const std::string& name) {
  const auto path = source_dir() / "tests" / "goldens" / "image" / name;
  Json cases = parse_json(read_file(path, 1U << 20U), name)["cases"];
  EXPECT_FALSE(cases.empty()) << name;
  return cases;
}

inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// The message of the Error of kind `kind` that `action` throws.
template <class Action>
std::string refusal(ErrorKind kind, const Action& action) {
  try {
    static_cast<void>(action());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "accepted";
}

}  // namespace apatite
