// The processes behind DecoderPool, and how they talk: sockets that keep messages apart, with open
// files handed over as descriptors. Internal to image/.
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

// To the nursery: fork a decoder, whose two descriptors come along, or end and await one. The
// answer is a process id, or how it ended, or -errno.
struct NurseryRequest {
  enum class Kind : std::int32_t { kFork, kEnd };
  Kind kind = Kind::kFork;
  std::int32_t process = 0;
};

// From a decoder, followed by a text. To it goes the path as text, with the file's descriptor and,
// if the samples shall lie in other memory than the last ones, that of SharedMemory.
struct DecoderAnswer {
  std::int32_t error_kind = 0;  // 0: none; else an ErrorKind, and the text says what and what to do
  std::int32_t sample_bits = 0;
  std::int32_t orientation = 1;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;
};
// The longest text of either.
constexpr std::size_t kMostMessageText = 16'384;

// A message and the descriptors that came with it; the receiver closes them.
struct Message {
  std::vector<std::byte> bytes;  // empty: the other side is gone
  std::vector<int> descriptors;
};

// False if the other side is gone.
bool send_message(int socket, std::span<const std::byte> bytes,
                  std::initializer_list<int> descriptors = {});
Message receive_message(int socket);

// Facts of an image as one text and back.
std::string pack_facts(const ImageFacts& facts);
ImageFacts unpack_facts(std::string_view text);

// The life of the process that forks decoders; it never returns.
[[noreturn]] void run_nursery(int socket, const DecoderPool::Decode& decode,
                              const SandboxLimits& limits);

}  // namespace apatite::image
