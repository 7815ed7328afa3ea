#include "base/base64.h"

#include <openssl/evp.h>

namespace apatite {

std::string base64(std::string_view bytes) {
  // OpenSSL counts in int: the text is made of pieces. All but the last are whole groups of three
  // bytes, so that only the last has padding.
  constexpr std::size_t kPiece = std::size_t{3} << 20U;
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends with a zero
  std::size_t written = 0;
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    const std::string_view piece = bytes.substr(at, kPiece);
    written += static_cast<std::size_t>(EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(text.data() + written),
        reinterpret_cast<const unsigned char*>(piece.data()), static_cast<int>(piece.size())));
  }
  text.resize(written);
  return text;
}

}  // namespace apatite
