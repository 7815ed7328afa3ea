#include "base/escape.h"

#include "base/text.h"

namespace apatite {

std::string escape_xml(std::string_view text) {
  std::string escaped;
  for (const char c : escape_control(text)) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace apatite
