#include "base/sha256.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <climits>

#include "base/error.h"
#include "base/file.h"

namespace apatite {
namespace {

void check(int result) {
  if (result != 1) throw Error(ErrorKind::kInternal, "SHA-256", "the OpenSSL call failed");
}

// Lower-case hexadecimal digits.
std::string hex(std::span<const unsigned char> digest) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += kHex[byte >> 4U];
    text += kHex[byte & 0xFU];
  }
  return text;
}

}  // namespace

struct Sha256::State {
  struct Free {
    void operator()(EVP_MD_CTX* owned) const { EVP_MD_CTX_free(owned); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (!state_->context) throw std::bad_alloc();
  check(EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr));
}

Sha256::~Sha256() = default;

void Sha256::update(std::span<const std::byte> bytes) {
  check(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
}

std::string Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  check(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &length));
  return hex(std::span(digest).first(length));
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

std::string sha256_hex(const MappedFile& file) {
  constexpr std::size_t kPiece = std::size_t{4} << 20U;
  Sha256 hash;
  for (auto rest = file.bytes(); !rest.empty();) {
    const auto piece = rest.first(std::min(kPiece, rest.size()));
    hash.update(piece);
    file.release(piece);
    rest = rest.subspan(piece.size());
  }
  return hash.finish();
}

std::string sha256_file(const std::filesystem::path& path) { return sha256_hex(MappedFile(path)); }

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  // An empty view may have no data, which OpenSSL takes for "the key of the call before".
  const char* key_bytes = key.empty() ? "" : key.data();
  const bool done =
      key.size() <= INT_MAX && HMAC(EVP_sha256(), key_bytes, static_cast<int>(key.size()),
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    text.size(), digest.data(), &length) != nullptr;
  check(done ? 1 : 0);
  return hex(std::span(digest).first(length));
}

}  // namespace apatite
