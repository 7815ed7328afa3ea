// Decodes image files in separate processes. If a file makes a library abort, hang or take all
// memory, only that one image is lost.
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

  // Forks a small process, the fork server. It forks, now and later, the `processes` that run
  // `decode` on one file after the other, each within `limits` (image/decoder/sandbox.h). Construct
  // the pool before other threads start: a forked process has only the thread that called fork, and
  // a mutex that another thread held would stay locked. Throws Error (kInternal) if the system
  // refuses.
  DecoderPool(std::size_t processes, Decode decode, SandboxLimits limits = {});
  ~DecoderPool();
  DecoderPool(const DecoderPool&) = delete;
  DecoderPool& operator=(const DecoderPool&) = delete;

  // Runs decode(the bytes of the file, its path) in one of the processes, after waiting for a free
  // one. Any number of threads may call it. Integer samples stay in memory that is shared with the
  // process, even after the process and the pool have ended; once the image is dropped, a later
  // image takes their place.
  //
  // Throws the Error that `decode` threw. Throws Error: kIo if the file cannot be opened; kBadFile
  // if the process crashed, exceeded its limits or wrote to standard error (libraries warn there
  // about pixels that they invented). Such a process is replaced.
  Image decode(const std::filesystem::path& path);

  // The number of processes that were replaced until now.
  [[nodiscard]] std::size_t replaced() const;

 private:
  struct Worker {
    int process = -1;                       // -1: none yet
    int socket = -1;                        // to it
    int complaints = -1;                    // the pipe that receives its standard error
    std::shared_ptr<SharedMemory> samples;  // it writes them here; an image may still use them
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
  int fork_server_ = -1;  // the process that forks
  int fork_server_socket_ = -1;
  mutable std::mutex mutex_;  // guards the free list, the counter and the server's socket
  std::condition_variable freed_;
  std::vector<Worker> free_;
  std::size_t replaced_ = 0;
};

}  // namespace apatite::image
