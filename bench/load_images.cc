// Images to tensors, for images_to_tensors.py.
//
//   load_images RECIPE WORKERS FILE...
//
// Prints "ready". Then every line "run N" of the standard input loads N images, the files in turn,
// with WORKERS threads, and is answered by one line: the seconds that took. The end of the input
// ends it.
#include <atomic>
#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "image/input.h"

namespace apatite {
namespace {

double seconds_for(std::size_t count, int workers, const Recipe& recipe,
                   const std::vector<std::string>& files) {
  std::atomic<std::size_t> next = 0;
  const auto start = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < workers; ++i) {
      threads.emplace_back([&] {
        for (std::size_t n = next++; n < count; n = next++) {
          (void)load_input(files[n % files.size()], recipe);
        }
      });
    }
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return elapsed.count();
}

int run(const std::vector<std::string>& words) {
  if (words.size() < 3) {
    throw Error(ErrorKind::kUsage, "load_images", "needs a recipe, workers and files");
  }
  const Recipe recipe = Recipe::read(words[0]);
  const int workers = std::stoi(words[1]);
  const std::vector<std::string> files(words.begin() + 2, words.end());
  for (const std::string& file : files) (void)load_input(file, recipe);  // all can be read
  std::cout << "ready" << std::endl;
  std::string word;
  std::size_t count = 0;
  while (std::cin >> word >> count) {
    std::cout << to_text(seconds_for(count, workers, recipe, files)) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace apatite

int main(int argc, char** argv) {
  try {
    return apatite::run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::cerr << "load_images: " << error.what() << '\n';
    return 2;
  }
}
