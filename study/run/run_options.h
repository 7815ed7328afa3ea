// What the caller of every run over a list of images (predict, explain, faithfulness) may choose.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace apatite::study {

struct RunOptions {
  std::filesystem::path images;  // a folder, a manifest or a single image, study/run/manifest.h
  std::filesystem::path recipe;  // Recipe::read; empty: the one in the weights file
  std::string backend;           // empty: the default
  std::string isa;               // the instruction set; empty: the best one that is present
  int threads = 0;               // of the network; 0: as many as the process may use
  int workers = 0;  // threads that make images ready ahead of the network, each with a decoder
                    // process of its own; 0: half as many as `threads`
  std::int64_t batch = 8;  // images that the network takes at once
  bool strict = false;     // stop at the first image that cannot be read
};

}  // namespace apatite::study
