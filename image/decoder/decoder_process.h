// The processes behind DecoderPool and their messages. The messages go through sockets that keep
// message boundaries; open files are passed as descriptors. Internal to image/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "image/decoder/decoder_pool.h"

namespace apatite::image {

// A request to the fork server: fork a decoder, whose two descriptors come with the message, or end
// a decoder and wait for its end. The answer is the process id, or the status of its end, or
// -errno.
struct ForkRequest {
  enum class Kind : std::int32_t { kFork, kEnd };
  Kind kind = Kind::kFork;
  std::int32_t process = 0;
};

// The answer of a decoder; a text follows it. The request to a decoder is the path as text, with
// the descriptor of the file and, if the samples shall be written to other memory than before, that
// of the SharedMemory.
struct DecoderAnswer {
  std::int32_t error_kind = 0;  // 0: none; else an ErrorKind, and the text says what and what to do
  std::int32_t sample_bits = 0;
  std::int32_t orientation = 1;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;
};
// The longest text of a request or an answer.
constexpr std::size_t kMostMessageText = 16'384;

// A message and the descriptors that came with it; the receiver closes them.
struct Message {
  std::vector<std::byte> bytes;  // empty: the other side has closed the socket
  std::vector<int> descriptors;
};

// False if the other side has closed the socket.
bool send_message(int socket, std::span<const std::byte> bytes,
                  std::initializer_list<int> descriptors = {});
Message receive_message(int socket);

// Write the facts of an image as one text, and read them back.
std::string pack_facts(const ImageFacts& facts);
ImageFacts unpack_facts(std::string_view text);

// Runs the process that forks decoders, until the pool closes its socket. Never returns.
[[noreturn]] void run_fork_server(int socket, const DecoderPool::Decode& decode,
                                  const SandboxLimits& limits);

}  // namespace apatite::image
