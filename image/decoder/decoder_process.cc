#include "image/decoder/decoder_process.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <new>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "image/codec/decode.h"
#include "image/pixels/image_memory.h"

namespace apatite::image {
namespace {

constexpr std::size_t kMostDescriptors = 2;

// The end of a process that this library forked: nothing of the parent's is flushed or destroyed.
[[noreturn]] void leave() {
  for (;;) ::syscall(SYS_exit_group, 0);
}

// Closes all descriptors but 0 to 2 and `kept`, which moves to 3.
int keep_only(int kept) {
  constexpr int kFirst = 3;
  if (kept != kFirst) {
    ::dup2(kept, kFirst);
  }
  if (::syscall(SYS_close_range, kFirst + 1, ~0U, 0) != 0) {
    const long most = std::min(::sysconf(_SC_OPEN_MAX), 65'536L);
    for (int i = kFirst + 1; i < most; ++i) ::close(i);
  }
  return kFirst;
}

void silence(int descriptor) {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) {
    ::close(descriptor);
    return;
  }
  ::dup2(null, descriptor);
  if (null != descriptor) ::close(null);
}

// A file that is mapped for as long as this lives.
class Mapping {
 public:
  Mapping(int descriptor, std::string_view where) {
    struct stat status {};
    if (::fstat(descriptor, &status) != 0) fail(where);
    size_ = static_cast<std::size_t>(status.st_size);
    if (size_ == 0) return;
    void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (address == MAP_FAILED) fail(where);
    data_ = static_cast<const std::byte*>(address);
  }
  ~Mapping() {
    if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  [[noreturn]] static void fail(std::string_view where) {
    throw Error(ErrorKind::kIo, where, "cannot be mapped into the decoder's memory");
  }
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Puts the first image that is made where the parent finds it.
class SampleMemory {
 public:
  explicit SampleMemory(std::shared_ptr<SharedMemory> memory) : memory_(std::move(memory)) {
    set_image_memory([this](std::size_t bytes) {
      if (first_ != nullptr) return std::shared_ptr<std::byte>();
      first_ = memory_->grow_and_map(bytes);
      return first_ == nullptr ? nullptr : std::shared_ptr<std::byte>(memory_, first_);
    });
  }
  ~SampleMemory() { set_image_memory({}); }
  SampleMemory(const SampleMemory&) = delete;
  SampleMemory& operator=(const SampleMemory&) = delete;

  void hand_over(const Image& image, std::string_view where) const {
    const std::span<const std::byte> samples = sample_bytes(image);
    if (samples.data() == first_) return;
    std::byte* to = memory_->grow_and_map(samples.size());
    if (to == nullptr) {
      throw Error(ErrorKind::kIo, where, "gives an image that cannot be handed over",
                  "the system lacks memory");
    }
    std::memcpy(to, samples.data(), samples.size());
  }

 private:
  std::shared_ptr<SharedMemory> memory_;
  std::byte* first_ = nullptr;
};

// What was written to standard error since the last call, its first line.
std::string take_complaint() {
  std::array<char, 300> text{};
  const off_t size = ::lseek(STDERR_FILENO, 0, SEEK_END);
  if (size <= 0) return {};
  const ssize_t count = ::pread(STDERR_FILENO, text.data(), text.size(), 0);
  if (::ftruncate(STDERR_FILENO, 0) != 0) return "cannot clear its standard error";
  ::lseek(STDERR_FILENO, 0, SEEK_SET);
  const std::string_view all(text.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return std::string(all.substr(0, all.find_first_of("\r\n")));
}

// What an Error says after its place, which the other side knows.
std::string without_place(std::string_view message, std::string_view where) {
  const std::string prefix = escape_control(where) + ": ";
  return std::string(message.starts_with(prefix) ? message.substr(prefix.size()) : message);
}

struct Reply {
  DecoderAnswer answer;
  std::string text;
};

Reply refusal(ErrorKind kind, std::string text) {
  Reply reply;
  reply.answer.error_kind = static_cast<std::int32_t>(kind);
  reply.text = std::move(text);
  return reply;
}

Reply decode_one(const DecoderPool::Decode& decode, const SandboxLimits& limits,
                 const std::string& where, int file, const std::shared_ptr<SharedMemory>& memory) {
  try {
    const Mapping mapping(file, where);
    const SampleMemory samples(memory);
    const Image image = decode(mapping.bytes(), where);
    if (const std::string complaint = take_complaint(); !complaint.empty()) {
      return refusal(ErrorKind::kBadFile,
                     "is damaged: its decoder complains: " + escape_control(complaint));
    }
    samples.hand_over(image, where);
    return {{.sample_bits = image.bit_depth(),
             .orientation = image.orientation,
             .height = image.height,
             .width = image.width,
             .channels = image.channels},
            pack_facts(image.facts)};
  } catch (const Error& error) {
    return refusal(error.kind(), without_place(error.what(), where));
  } catch (const std::bad_alloc&) {
    return refusal(ErrorKind::kBadFile, "needs more memory than the " + to_text(limits.memory_mib) +
                                            " MiB that decoding an image may take");
  } catch (const std::exception& error) {
    return refusal(ErrorKind::kBadFile,
                   "cannot be decoded: " + escape_control(std::string_view(error.what())));
  }
}

void reply(int socket, Reply answer) {
  answer.text.resize(std::min(answer.text.size(), kMostMessageText));
  std::vector<std::byte> bytes(sizeof answer.answer + answer.text.size());
  std::memcpy(bytes.data(), &answer.answer, sizeof answer.answer);
  std::memcpy(bytes.data() + sizeof answer.answer, answer.text.data(), answer.text.size());
  if (!send_message(socket, bytes)) leave();
}

// The heap keeps what it got, so that the next file finds its pages there: getting them anew is
// more than a tenth of decoding a mammogram.
void keep_memory() {
#if defined(__GLIBC__)
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
#endif
}

[[noreturn]] void run_decoder(int socket, int complaints, const DecoderPool::Decode& decode,
                              const SandboxLimits& limits) {
  ::dup2(complaints, STDERR_FILENO);
  const int kept = keep_only(socket);
  keep_memory();
  enter_sandbox(limits);
  std::shared_ptr<SharedMemory> samples;
  for (;;) {
    const Message message = receive_message(kept);
    const auto& descriptors = message.descriptors;
    if (message.bytes.empty() || descriptors.empty()) leave();
    if (descriptors.size() == 2) samples = std::make_shared<SharedMemory>(descriptors[1]);
    limit_cpu_time(limits.cpu_seconds);
    take_complaint();
    const std::string where(as_text(message.bytes));
    reply(kept, decode_one(decode, limits, where, descriptors[0], samples));
    ::close(descriptors[0]);
  }
}

std::int32_t fork_decoder(const Message& message, const DecoderPool::Decode& decode,
                          const SandboxLimits& limits) {
  if (message.descriptors.size() != 2) return -EBADF;
  const pid_t child = ::fork();
  if (child < 0) return -errno;
  if (child == 0) run_decoder(message.descriptors[0], message.descriptors[1], decode, limits);
  return child;
}

std::int32_t end_decoder(pid_t process) {
  ::kill(process, SIGKILL);
  int status = 0;
  while (::waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return -errno;
  }
  return status;
}

}  // namespace

bool send_message(int socket, std::span<const std::byte> bytes,
                  std::initializer_list<int> descriptors) {
  iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control{};
  if (descriptors.size() > 0) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
    std::memcpy(CMSG_DATA(rights), descriptors.begin(), descriptors.size() * sizeof(int));
  }
  for (;;) {
    if (::sendmsg(socket, &header, MSG_NOSIGNAL) >= 0) return true;
    if (errno != EINTR) return false;
  }
}

Message receive_message(int socket) {
  Message message;
  message.bytes.resize(sizeof(DecoderAnswer) + kMostMessageText);
  iovec part{message.bytes.data(), message.bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  ssize_t count = -1;
  do {
    count = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  message.bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  for (cmsghdr* part_of = CMSG_FIRSTHDR(&header); count >= 0 && part_of != nullptr;
       part_of = CMSG_NXTHDR(&header, part_of)) {
    if (part_of->cmsg_level != SOL_SOCKET || part_of->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t descriptors = (part_of->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    message.descriptors.resize(descriptors);
    std::memcpy(message.descriptors.data(), CMSG_DATA(part_of), descriptors * sizeof(int));
  }
  return message;
}

std::string pack_facts(const ImageFacts& facts) {
  std::string text;
  for (const auto& [name, value] : facts) text += name + '\n' + value + '\n';
  return text;
}

ImageFacts unpack_facts(std::string_view text) {
  ImageFacts facts;
  const auto line = [&] {
    const std::size_t end = text.find('\n');
    const std::string_view taken = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return escape_control(taken);
  };
  while (!text.empty()) {
    std::string name = line();
    facts.emplace_back(std::move(name), line());
  }
  return facts;
}

void run_fork_server(int socket, const DecoderPool::Decode& decode, const SandboxLimits& limits) {
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) silence(standard);
  const int kept = keep_only(socket);
  for (;;) {
    const Message message = receive_message(kept);
    ForkRequest request;
    if (message.bytes.size() != sizeof request) leave();
    std::memcpy(&request, message.bytes.data(), sizeof request);
    const std::int32_t answer = request.kind == ForkRequest::Kind::kFork
                                    ? fork_decoder(message, decode, limits)
                                    : end_decoder(request.process);
    for (const int descriptor : message.descriptors) ::close(descriptor);
    if (!send_message(kept, std::as_bytes(std::span(&answer, 1)))) leave();
  }
}

}  // namespace apatite::image
