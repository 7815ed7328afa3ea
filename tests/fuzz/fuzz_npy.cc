// Any bytes as a .npy file, and as the header text and elements of one with a right frame: a tensor
// that survives writing and reading again, an image, or an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"
#include "image/codec/decode.h"
#include "image/codec/npy.h"

namespace apatite {
namespace {

void check_tensor(const std::string& file) {
  const engine::Tensor tensor =
      image::decode_npy_tensor(std::as_bytes(std::span(file)), "fuzz").tensor;
  const std::string written = image::encode_npy(tensor);
  const engine::Tensor again =
      image::decode_npy_tensor(std::as_bytes(std::span(written)), "fuzz").tensor;
  const bool same = tensor.dims() == again.dims() &&
                    std::memcmp(tensor.data(), again.data(), tensor.size() * sizeof(float)) == 0;
  if (!same) std::abort();
}

template <class Read>
void refuse_or(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBadFile) std::abort();
  }
}

void try_file(const std::string& file) {
  refuse_or([&] { check_tensor(file); });
  refuse_or([&] { image::decode_npy_image(std::as_bytes(std::span(file)), "fuzz"); });
  refuse_or([&] { image::decode_image(std::as_bytes(std::span(file)), "fuzz"); });
}

std::string framed(const std::string& header, const std::string& elements) {
  std::string file("\x93NUMPY\1\0", 8);
  file += static_cast<char>(header.size() & 0xFFU);
  file += static_cast<char>(header.size() >> 8U & 0xFFU);
  return file + header + elements;
}

// The first byte chooses type and order, the next three are a shape, the others elements.
std::string file_from(const std::string& input) {
  constexpr std::array kTypes{"<f4", "<f8", "|u1", "<u2"};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(input[i]); };
  std::string header = std::string("{'descr': '") + kTypes[byte(0) % 4] + "', 'fortran_order': ";
  header += (byte(0) & 4U) != 0 ? "True" : "False";
  header += ", 'shape': (";
  for (std::size_t i = 1; i < 4; ++i) header += std::to_string(byte(i) % 9) + ", ";
  return framed(header + ")}\n", input.substr(4));
}

}  // namespace
}  // namespace apatite

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  apatite::try_file(input);
  const std::size_t line = input.find('\n');
  if (line != std::string::npos && line < 60'000) {
    apatite::try_file(apatite::framed(input.substr(0, line + 1), input.substr(line + 1)));
  }
  if (size >= 4) apatite::try_file(apatite::file_from(input));
  return 0;
}
