// Image files are decoded by processes of their own, so that a file that makes a library abort,
// hang or take all memory costs one image and nothing else.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "image/decoder/sandbox.h"
#include "image/decoder/shared_memory.h"
#include "image/pixels/image.h"

namespace apatite::image {

class DecoderPool {
 public:
  using Decode = std::function<Image(std::span<const std::byte> file, std::string_view where)>;

  // Forks a small process that forks, now and later, the `processes` that run `decode` on one file
  // after the other, each within `limits` (image/decoder/sandbox.h). So construct it before other
  // threads start: a process that forks has the calling thread alone, and what others held stays
  // held. Throws Error (kInternal) if the system refuses.
  DecoderPool(std::size_t processes, Decode decode, SandboxLimits limits = {});
  ~DecoderPool();
  DecoderPool(const DecoderPool&) = delete;
  DecoderPool& operator=(const DecoderPool&) = delete;

  // decode(the bytes of the file, its path) in one of the processes; waits for a free one. Any
  // number of threads may call. Integer samples stay in memory that the process shares, also after
  // its end and the pool's; once the image is dropped, a later one takes their place. Throws what
  // `decode` threw, if that was an Error; Error: kIo if the file cannot be opened; kBadFile if the
  // process died, took more than its limits or said on standard error what it did not like
  // (libraries warn so of pixels that they invented). A process that failed so is replaced.
  Image decode(const std::filesystem::path& path);

  // How many processes were replaced so far.
  [[nodiscard]] std::size_t replaced() const;

 private:
  struct Worker {
    int process = -1;                       // -1: none yet
    int socket = -1;                        // to it
    int complaints = -1;                    // what it wrote to standard error
    std::shared_ptr<SharedMemory> samples;  // where it puts them; an image may live there
  };

  Worker take_worker();
  void give_back(Worker&& worker);
  void start(Worker& worker);
  // Ends the process if it still runs. Returns how it ended (waitpid).
  int end(Worker& worker);
  Image ask(Worker& worker, int file, const std::filesystem::path& path);
  [[noreturn]] void explain_end(Worker& worker, const std::filesystem::path& path, bool too_long);

  Decode decode_;
  SandboxLimits limits_;
  int nursery_ = -1;  // the process that forks
  int nursery_socket_ = -1;
  mutable std::mutex mutex_;  // of the free list, the counter and the nursery's socket
  std::condition_variable freed_;
  std::vector<Worker> free_;
  std::size_t replaced_ = 0;
};

}  // namespace apatite::image
