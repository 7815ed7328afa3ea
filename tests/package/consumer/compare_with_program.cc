// Compares what the library computes with the files that the program wrote, bit by bit:
//   compare_with_program WEIGHTS IMAGE LOGITS MAP PREDICTIONS METRICS
// LOGITS: the image's logits in predictions.csv, separated by commas; MAP: the image's .npy file;
// PREDICTIONS: predictions.csv; METRICS: the JSON file of `apatite evaluate`.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "apatite/apatite.h"

namespace {

std::string read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw apatite::Error(apatite::ErrorKind::kIo, path, "cannot be read");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<float> parse_numbers(const char* text) {
  std::vector<float> numbers;
  for (char* end = nullptr; *text != '\0'; text = *end == ',' ? end + 1 : end) {
    numbers.push_back(std::strtof(text, &end));
    if (end == text) throw apatite::Error(apatite::ErrorKind::kUsage, text, "is no number");
  }
  return numbers;
}

bool same_bits(const std::vector<float>& values, const char* bytes, std::size_t size) {
  return !values.empty() && values.size() * sizeof(float) == size &&
         std::memcmp(values.data(), bytes, size) == 0;
}

int report(const char* what, bool equal) {
  std::printf("%s: %s\n", what, equal ? "the same" : "NOT the same");
  return equal ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  try {
    apatite::Model model(argv[1]);
    const std::vector<float> logits = parse_numbers(argv[3]);
    int differences = report("logits", same_bits(model.predict(argv[2]).logits,
                                                 reinterpret_cast<const char*>(logits.data()),
                                                 logits.size() * sizeof(float)));

    // A .npy file of version 1: magic (6 bytes), version (2), length of the header (2), the header.
    const std::string map = read(argv[4]);
    const std::size_t head = map.size() < 10 ? map.size()
                                             : 10 + static_cast<unsigned char>(map[8]) +
                                                   256U * static_cast<unsigned char>(map[9]);
    if (head >= map.size()) throw apatite::Error(apatite::ErrorKind::kBadFile, argv[4], "is short");
    differences += report(
        "map", same_bits(model.explain(argv[2]).values, map.data() + head, map.size() - head));

    apatite::EvaluationOptions options;
    options.positive = "malignant";
    options.threshold = 0.5;
    differences += report("metrics", apatite::evaluate(argv[5], options).json == read(argv[6]));
    return differences == 0 ? 0 : 1;
  } catch (const apatite::Error& error) {
    std::fprintf(stderr, "compare_with_program: %s\n", error.what());
    return static_cast<int>(error.kind());
  }
}
