#include "image/decoder/decoder_pool.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <type_traits>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "image/codec/decode.h"
#include "image/decoder/decoder_process.h"

namespace apatite::image {
namespace {

// Closes on the way out.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return number_; }
  [[nodiscard]] int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

[[noreturn]] void fail(std::string_view action) {
  throw Error(ErrorKind::kInternal, "decoder processes",
              "cannot " + std::string(action) + " (" + std::strerror(errno) + ")",
              "the system lacks processes, descriptors or memory");
}

std::pair<int, int> socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    fail("make a socket");
  }
  return {ends[0], ends[1]};
}

// A file in memory alone.
int memory_file(const char* name) {
  const int file = ::memfd_create(name, MFD_CLOEXEC);
  if (file < 0) fail("make a file in memory");
  return file;
}

// True if there is something to read before `seconds` are over.
bool wait_readable(int descriptor, std::int64_t seconds) {
  pollfd wanted{descriptor, POLLIN, 0};
  for (;;) {
    const int count = ::poll(&wanted, 1, static_cast<int>(seconds * 1000));
    if (count >= 0) return count > 0;
    if (errno != EINTR) fail("wait for a decoder");
  }
}

// Larger memory serves one image and is given back.
constexpr std::size_t kMostKept = std::size_t{64} << 20U;

// An integer image stays where the decoder put it. That one may still write there, but no more than
// other samples, which it could have given at once: any value of theirs is as good, whenever it is
// read. Of binary32 samples that is not true (NaN), so they are copied.
template <class T>
Image take_samples(const DecoderAnswer& answer, const std::shared_ptr<SharedMemory>& memory,
                   const std::string& where) {
  check_image_size(answer.height, answer.width, where);
  check_channels(answer.channels, where);
  const auto count = static_cast<std::size_t>(answer.height * answer.width * answer.channels);
  auto* samples = reinterpret_cast<T*>(memory->map(count * sizeof(T)));
  if (samples == nullptr) throw Error(ErrorKind::kBadFile, where, "was not handed over whole");
  Image image;
  if constexpr (std::is_integral_v<T>) {
    image.samples = engine::AlignedArray<T>(std::shared_ptr<T>(memory, samples), count);
  } else {
    engine::AlignedArray<T> copy(count);
    std::copy_n(samples, count, copy.data());
    image.samples = std::move(copy);
  }
  image.height = answer.height;
  image.width = answer.width;
  image.channels = answer.channels;
  image.source = where;
  return image;
}

// Nothing that a decoder says is believed unchecked: its file may have taken it over.
Image take_image(const DecoderAnswer& answer, const std::shared_ptr<SharedMemory>& samples,
                 const std::string& where) {
  Image image;
  switch (answer.sample_bits) {
    case 8:
      image = take_samples<std::uint8_t>(answer, samples, where);
      break;
    case 16:
      image = take_samples<std::uint16_t>(answer, samples, where);
      break;
    case 32:
      image = take_samples<float>(answer, samples, where);
      break;
    default:
      throw Error(ErrorKind::kBadFile, where, "gives samples of an unknown type");
  }
  image.orientation = answer.orientation >= 1 && answer.orientation <= 8
                          ? answer.orientation
                          : Image::kUnreadableOrientation;
  return image;
}

// True if there is none, or an image lives there.
bool in_use(const std::shared_ptr<SharedMemory>& samples) {
  if (samples == nullptr || samples.use_count() > 1) return true;
  std::atomic_thread_fence(std::memory_order_acquire);  // after the image's last use
  return false;
}

ErrorKind error_kind(std::int32_t number) {
  for (const ErrorKind kind : {ErrorKind::kUsage, ErrorKind::kIo, ErrorKind::kUnavailable,
                               ErrorKind::kNumeric, ErrorKind::kInternal}) {
    if (static_cast<std::int32_t>(kind) == number) return kind;
  }
  return ErrorKind::kBadFile;
}

std::string first_line(int file) {
  std::array<char, 300> text{};
  const ssize_t count = ::pread(file, text.data(), text.size(), 0);
  const std::string_view all(text.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return escape_control(all.substr(0, all.find_first_of("\r\n")));
}

}  // namespace

DecoderPool::DecoderPool(std::size_t processes, Decode decode, SandboxLimits limits)
    : decode_(std::move(decode)), limits_(limits), free_(std::max<std::size_t>(processes, 1)) {
  const auto [mine, its] = socket_pair();
  fork_server_socket_ = mine;
  fork_server_ = ::fork();
  if (fork_server_ == 0) run_fork_server(its, decode_, limits_);
  ::close(its);
  if (fork_server_ < 0) {
    ::close(fork_server_socket_);
    fail("fork");
  }
}

DecoderPool::~DecoderPool() {
  for (Worker& worker : free_) {
    if (worker.process > 0) end(worker);
  }
  ::close(fork_server_socket_);
  while (::waitpid(fork_server_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::size_t DecoderPool::replaced() const {
  const std::scoped_lock lock(mutex_);
  return replaced_;
}

DecoderPool::Worker DecoderPool::take_worker() {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [&] { return !free_.empty(); });
  // One whose last image is gone needs no new memory.
  const auto idle = std::ranges::find_if(
      free_, [](const Worker& worker) { return worker.samples && !in_use(worker.samples); });
  if (idle != free_.end()) std::swap(*idle, free_.back());
  Worker worker = std::move(free_.back());
  free_.pop_back();
  return worker;
}

void DecoderPool::give_back(Worker&& worker) {
  {
    const std::scoped_lock lock(mutex_);
    free_.push_back(std::move(worker));
  }
  freed_.notify_one();
}

void DecoderPool::start(Worker& worker) {
  const auto [mine, its] = socket_pair();
  Descriptor ours(mine);
  const Descriptor theirs(its);
  Descriptor complaints(memory_file("apatite-complaints"));
  const ForkRequest request;
  std::int32_t process = -1;
  {
    const std::scoped_lock lock(mutex_);
    if (!send_message(fork_server_socket_, std::as_bytes(std::span(&request, 1)),
                      {theirs.get(), complaints.get()})) {
      fail("reach the process that forks decoders");
    }
    const Message answer = receive_message(fork_server_socket_);
    if (answer.bytes.size() != sizeof process) fail("reach the process that forks decoders");
    std::memcpy(&process, answer.bytes.data(), sizeof process);
  }
  if (process < 0) {
    errno = -process;
    fail("fork a decoder");
  }
  worker = {process, ours.release(), complaints.release(), nullptr};
}

int DecoderPool::end(Worker& worker) {
  const ForkRequest request{ForkRequest::Kind::kEnd, worker.process};
  std::int32_t status = 0;
  {
    const std::scoped_lock lock(mutex_);
    if (send_message(fork_server_socket_, std::as_bytes(std::span(&request, 1)))) {
      const Message answer = receive_message(fork_server_socket_);
      if (answer.bytes.size() == sizeof status) {
        std::memcpy(&status, answer.bytes.data(), sizeof status);
      }
    }
  }
  ::close(worker.socket);
  ::close(worker.complaints);
  worker = {};
  return status;
}

void DecoderPool::explain_end(Worker& worker, const std::filesystem::path& path, bool too_long) {
  const std::string last_words = first_line(worker.complaints);
  const int status = end(worker);
  {
    const std::scoped_lock lock(mutex_);
    ++replaced_;
  }
  std::string what = "its decoder ended without an answer";
  if (too_long) {
    what = "was not decoded within " + to_text(limits_.wall_seconds) + " s";
  } else if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    what = number == SIGXCPU
               ? "takes more than " + to_text(limits_.cpu_seconds) + " s of processor time"
               : "makes its decoder end with signal " + to_text(std::int64_t{number}) + " (" +
                     ::strsignal(number) + ")";
  }
  if (!last_words.empty()) what += ", saying " + quote(last_words, 200);
  throw Error(ErrorKind::kBadFile, path.string(), what,
              "it is damaged, or one that the decoding library cannot read");
}

Image DecoderPool::ask(Worker& worker, int file, const std::filesystem::path& path) {
  const std::string where = path.string();
  bool sent = false;
  if (in_use(worker.samples) || worker.samples->size() > kMostKept) {
    worker.samples = std::make_shared<SharedMemory>(SharedMemory::create());
    sent = send_message(worker.socket, as_bytes(where), {file, worker.samples->descriptor()});
  } else {
    sent = send_message(worker.socket, as_bytes(where), {file});
  }
  if (!sent) explain_end(worker, path, false);
  if (!wait_readable(worker.socket, limits_.wall_seconds)) explain_end(worker, path, true);
  const Message message = receive_message(worker.socket);
  DecoderAnswer answer;
  if (message.bytes.size() < sizeof answer) explain_end(worker, path, false);
  std::memcpy(&answer, message.bytes.data(), sizeof answer);
  const std::string_view text = as_text(message.bytes).substr(sizeof answer);
  if (answer.error_kind != 0) throw Error(error_kind(answer.error_kind), where, text);
  Image image = take_image(answer, worker.samples, where);
  image.facts = unpack_facts(text);
  return image;
}

Image DecoderPool::decode(const std::filesystem::path& path) {
  const ReadOnlyFile file(path);
  if (file.size() > kMaxImageFileBytes) {
    throw Error(ErrorKind::kBadFile, path.string(),
                "has " + with_thousands(static_cast<std::int64_t>(file.size())) + " bytes",
                "images of at most " +
                    with_thousands(static_cast<std::int64_t>(kMaxImageFileBytes)) +
                    " bytes are read");
  }
  if (path.string().size() > kMostMessageText) {
    throw Error(ErrorKind::kUsage, path.string().substr(0, 100), "is too long a path");
  }
  Worker worker = take_worker();
  try {
    if (worker.process < 0) start(worker);
    Image image = ask(worker, file.descriptor(), path);
    give_back(std::move(worker));
    return image;
  } catch (...) {
    give_back(std::move(worker));
    throw;
  }
}

}  // namespace apatite::image
