#include "base/error.h"

#include "base/text.h"

namespace apatite {
namespace {

std::string one_line(std::string_view where, std::string_view what, std::string_view remedy) {
  std::string line = escape_control(where);
  line += ": ";
  line += escape_control(what);
  if (!remedy.empty()) {
    line += "; ";
    line += escape_control(remedy);
  }
  return line;
}

}  // namespace

Error::Error(ErrorKind kind, std::string_view where, std::string_view what, std::string_view remedy)
    : std::runtime_error(one_line(where, what, remedy)), kind_(kind) {}

}  // namespace apatite
