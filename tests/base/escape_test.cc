#include "base/escape.h"

#include <gtest/gtest.h>

namespace apatite {
namespace {

TEST(EscapeXml, WritesWhatMarkupWouldReadAsReferences) {
  EXPECT_EQ(escape_xml("a & <b> \"c\" 'd'"), "a &amp; &lt;b&gt; &quot;c&quot; &#39;d&#39;");
  EXPECT_EQ(escape_xml("&amp;"), "&amp;amp;");
  EXPECT_EQ(escape_xml("one\ntwo"), "one\\x0atwo");
  EXPECT_EQ(escape_xml("Zürich"), "Zürich");
}

}  // namespace
}  // namespace apatite
