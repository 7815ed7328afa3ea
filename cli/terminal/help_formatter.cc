#include "cli/terminal/help_formatter.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace apatite::cli {
namespace {

constexpr std::size_t kHelpColumn = 30;
constexpr std::size_t kColumns = 80;

// Breaks lines at blanks so that they have at most `width` characters, if the words allow it.
std::string wrapped(const std::string& text, std::size_t width) {
  std::string lines;
  std::size_t length = 0;  // of the last line
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (length > 0 && length + 1 + word.size() > width) {
      lines += "\n";
      length = 0;
    } else if (length > 0) {
      lines += " ";
      ++length;
    }
    lines += word;
    length += word.size();
    at = end + 1;
  }
  return lines;
}

}  // namespace

HelpFormatter::HelpFormatter() { column_width(kHelpColumn); }

std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  if (option->get_type_size() == 0) return "";
  std::string text = " " + option->get_type_name();
  if (option->get_expected_max() == CLI::detail::expected_max_vector_size) text += " ...";
  return text;
}

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
  std::vector<std::string> sentences{option->get_description()};
  if (option->get_required()) sentences.emplace_back("Required");
  if (option->get_type_size() != 0 && !option->get_default_str().empty()) {
    sentences.push_back("Default: " + option->get_default_str());
  }
  for (const CLI::Option* other : option->get_excludes()) {
    sentences.push_back("Not together with " + other->get_name());
  }
  std::string text;
  for (const std::string& sentence : sentences) {
    if (sentence.empty()) continue;
    if (!text.empty()) text += text.ends_with('.') ? " " : ". ";
    text += sentence;
  }
  return wrapped(text, kColumns - kHelpColumn);
}

}  // namespace apatite::cli
