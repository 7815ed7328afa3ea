// Writes bytes as text for data URIs (RFC 4648, section 4), by OpenSSL.
#pragma once

#include <string>
#include <string_view>

namespace apatite {

// With padding, without line ends.
std::string base64(std::string_view bytes);

}  // namespace apatite
