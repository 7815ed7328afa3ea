// SHA-256 (FIPS 180-4) of bytes and files, and the keyed hash HMAC with it (RFC 2104), by OpenSSL.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/file.h"

namespace apatite {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void update(std::span<const std::byte> bytes);
  // The digest of all bytes so far as 64 lower-case hexadecimal digits; call once.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::span<const std::byte> bytes);
// Of the file's bytes, which leave the memory again on the way.
std::string sha256_hex(const MappedFile& file);
// Of the file's bytes. Throws Error (kIo) if it cannot be read.
std::string sha256_file(const std::filesystem::path& path);

// HMAC-SHA-256 of `text` under `key` as 64 lower-case hexadecimal digits. The key has at most 2^31
// - 1 bytes.
std::string hmac_sha256(std::string_view key, std::string_view text);

}  // namespace apatite
