// What the runs that explain images have in common.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "study/manifest.h"

namespace apatite {

// read_manifest(), or a single image as a manifest of one.
Manifest read_images(const std::filesystem::path& images);

// Makes a folder and those above it. Throws Error (kIo).
void make_folder(const std::filesystem::path& folder);

// Why an image cannot be read, without the path that the message starts with: the row names it.
std::string reason_of(const Error& error, const std::filesystem::path& path);

// errors.csv with these rows (csv_line) in `folder`; none: removes that of an earlier run. Returns
// its path, empty if there is none.
std::filesystem::path write_errors(const std::filesystem::path& folder, const std::string& rows);

// Calls work(0) .. work(count - 1) on up to `threads` threads; throws what the first of them threw.
template <class Work>
void for_all(std::size_t count, std::size_t threads, const Work& work) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::exception_ptr> errors(count);
  {
    std::vector<std::jthread> team;
    for (std::size_t i = 0; i < std::min(threads, count); ++i) {
      team.emplace_back([&] {
        for (std::size_t at = next++; at < count; at = next++) {
          try {
            work(at);
          } catch (...) {
            errors[at] = std::current_exception();
          }
        }
      });
    }
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace apatite
