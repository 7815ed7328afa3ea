// The evaluator's statistics behind a pipe, for compare_statistics.py:
//   run_statistics auc LABELS SCORES
//   run_statistics bootstrap LABELS SCORES CLUSTERS MODELS DRAWS
// Files are raw arrays: labels of one byte, scores of binary64, clusters of 32 bits; for the
// bootstrap the labels and scores of MODELS models one after the other, with one CLUSTERS for all.
// For each line read from standard input it does the work once and prints a line: the seconds that
// took, then the AUC and its interval (of the first model). At the end of the input it prints the
// peak memory in bytes.
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "eval/roc/auc.h"
#include "eval/roc/bootstrap.h"

namespace apatite {
namespace {

template <typename Number>
std::vector<Number> read_array(const char* path) {
  const MappedFile file(path);
  std::vector<Number> numbers(file.bytes().size() / sizeof(Number));
  std::memcpy(numbers.data(), file.bytes().data(), numbers.size() * sizeof(Number));
  return numbers;
}

struct Input {
  std::vector<std::uint8_t> labels;
  std::vector<double> scores;
  std::vector<std::int32_t> clusters;
  std::size_t models = 1;
  int draws = 0;
};

std::string estimate(const Input& input) {
  if (input.draws == 0) {
    const eval::Auc result = eval::auc(input.labels, input.scores);
    const eval::ConfidenceInterval interval =
        eval::auc_interval(result.counts, result.variance.value(), 0.95);
    return to_text(result.counts.value()) + " " + to_text(interval.low) + " " +
           to_text(interval.high);
  }
  std::string text;
  const std::size_t rows = input.labels.size() / input.models;
  for (std::size_t model = 0; model < input.models; ++model) {
    const auto labels = std::span(input.labels).subspan(model * rows, rows);
    const auto scores = std::span(input.scores).subspan(model * rows, rows);
    const std::array<std::span<const double>, 1> models{scores};
    const eval::Bootstrap draws = eval::bootstrap_aucs(
        {.labels = labels, .clusters = input.clusters}, models, {.draws = input.draws});
    const eval::ConfidenceInterval interval = eval::percentile_interval(draws.values[0], 0.95);
    if (model > 0) continue;
    text = to_text(eval::auc(labels, scores).counts.value()) + " " + to_text(interval.low) + " " +
           to_text(interval.high);
  }
  return text;
}

int run(std::span<char*> words) {
  const std::string what = words.size() > 1 ? words[1] : "";
  Input input;
  if (what == "auc" && words.size() == 4) {
    input.labels = read_array<std::uint8_t>(words[2]);
    input.scores = read_array<double>(words[3]);
  } else if (what == "bootstrap" && words.size() == 7) {
    input.labels = read_array<std::uint8_t>(words[2]);
    input.scores = read_array<double>(words[3]);
    input.clusters = read_array<std::int32_t>(words[4]);
    input.models = static_cast<std::size_t>(std::atoi(words[5]));
    input.draws = std::atoi(words[6]);
  } else {
    std::cerr << "usage: run_statistics auc LABELS SCORES\n"
                 "       run_statistics bootstrap LABELS SCORES CLUSTERS MODELS DRAWS\n";
    return 2;
  }
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = std::chrono::steady_clock::now();
    const std::string result = estimate(input);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::cout << seconds.count() << " " << result << std::endl;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::cout << usage.ru_maxrss * 1024 << std::endl;
  return 0;
}

}  // namespace
}  // namespace apatite

int main(int argc, char** argv) {
  try {
    return apatite::run(std::span(argv, static_cast<std::size_t>(argc)));
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
