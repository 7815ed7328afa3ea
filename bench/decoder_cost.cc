// What it costs to decode an image in a process of its own (image/decoder/decoder_pool.h): each
// file is decoded here and there by turns, with the same code.
//
//   decoder_cost TURNS FILE...
//
// Per file the median of both times, the median of their differences turn by turn, and that as a
// part of decoding here.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "image/decoder/decoder_pool.h"
#include "image/input.h"
#include "image/recipe/recipe.h"

namespace apatite {
namespace {

// DICOM files are shown without a window, so that any can be.
image::Recipe recipe() {
  return image::Recipe::from_json(
      parse_json(R"({"recipe": 1, "channels": 1, "steps": [], "divide_by": 1, "mean": [0],
                     "std": [1], "dicom": {"voi": "none"}})",
                 "recipe"),
      "recipe");
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

template <class Action>
double milliseconds(Action action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

void measure(const std::string& path, int turns, image::DecoderPool& pool,
             const image::DecoderPool::Decode& decode) {
  std::vector<double> here, there, more;
  const auto in_this_process = [&] {
    const MappedFile file(path);
    static_cast<void>(decode(file.bytes(), path));
  };
  in_this_process();
  static_cast<void>(pool.decode(path));  // and so the decoder is started
  for (int turn = 0; turn < turns; ++turn) {
    here.push_back(milliseconds(in_this_process));
    there.push_back(milliseconds([&] { static_cast<void>(pool.decode(path)); }));
    more.push_back(there.back() - here.back());
  }
  std::printf("%s: here %.2f ms, in a process of its own %.2f ms, more %.2f ms, %.1f %%\n",
              path.c_str(), median(here), median(there), median(more),
              100 * median(more) / median(here));
}

int run(int count, char** words) {
  int turns = 0;
  const std::string_view text = count > 2 ? words[1] : "";
  std::from_chars(text.data(), text.data() + text.size(), turns);
  if (turns < 1) {
    std::fprintf(stderr, "usage: decoder_cost TURNS FILE...\n");
    return 2;
  }
  const image::DecoderPool::Decode decode = image::image_decoder(recipe());
  image::DecoderPool pool(1, decode);
  for (int i = 2; i < count; ++i) measure(words[i], turns, pool, decode);
  return 0;
}

}  // namespace
}  // namespace apatite

int main(int count, char** words) {
  try {
    return apatite::run(count, words);
  } catch (const apatite::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
