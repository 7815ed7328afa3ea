// Images to tensors, for images_to_tensors.py.
//
//   load_images RECIPE WORKERS FILE...
//
// As `apatite predict` reads them: WORKERS threads, each with a decoder process. Prints "ready".
// Then every line of the standard input is answered by one: "run N" loads N images, the files in
// turn, and tells the seconds that took; "save I PATH" loads file I (from 0), writes its tensor to
// PATH, binary32 values in this machine's byte order, and tells how many. The end of the input ends
// it.
#include <atomic>
#include <chrono>
#include <iostream>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "image/input.h"

namespace apatite {
namespace {

class Loader {
 public:
  Loader(image::Recipe recipe, std::size_t workers, std::vector<std::string> files)
      : recipe_(std::move(recipe)),
        workers_(workers),
        files_(std::move(files)),
        decoders_(workers, image::image_decoder(recipe_)) {
    run(workers * files_.size());  // all can be read, and decoders are started
  }

  // Seconds for `count` images.
  double run(std::size_t count) {
    std::atomic<std::size_t> next = 0;
    const auto start = std::chrono::steady_clock::now();
    {
      std::vector<std::jthread> threads;
      for (std::size_t i = 0; i < workers_; ++i) {
        threads.emplace_back([&] {
          for (std::size_t n = next++; n < count; n = next++) (void)load(n % files_.size());
        });
      }
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  engine::Tensor load(std::size_t index) {
    return image::load_input(files_[index], recipe_, decoders_);
  }

 private:
  image::Recipe recipe_;
  std::size_t workers_;
  std::vector<std::string> files_;
  image::DecoderPool decoders_;
};

int run(const std::vector<std::string>& words) {
  if (words.size() < 3) {
    throw Error(ErrorKind::kUsage, "load_images", "needs a recipe, workers and files");
  }
  Loader loader(image::Recipe::read(words[0]), std::stoul(words[1]),
                {words.begin() + 2, words.end()});
  std::cout << "ready" << std::endl;
  std::string word;
  std::size_t number = 0;
  while (std::cin >> word >> number) {
    if (word == "run") {
      std::cout << to_text(loader.run(number)) << std::endl;
      continue;
    }
    std::string path;
    std::cin >> path;
    const engine::Tensor tensor = loader.load(number);
    AtomicFile file(path);
    file.write(std::as_bytes(tensor.values()));
    file.commit();
    std::cout << tensor.size() << std::endl;
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
