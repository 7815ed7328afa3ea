// Text from outside inside markup. (Messages: escape_control() of base/text.h; CSV: base/csv.h.)
#pragma once

#include <string>
#include <string_view>

namespace apatite {

// `text` as the content or a quoted attribute of an XML or HTML element: & < > " ' as references,
// and control characters as escape_control() writes them, because XML 1.0 has none.
std::string escape_xml(std::string_view text);

}  // namespace apatite
