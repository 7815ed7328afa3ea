// What --help says of every command and every option.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/program.h"

namespace apatite::cli {
namespace {

std::string help_of(const std::vector<std::string>& words) {
  std::vector<std::string> arguments = words;
  arguments.emplace_back("--help");
  const ProgramResult result = run_program(APATITE_PROGRAM, arguments);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  return result.output;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// The sub-commands that the program lists.
std::vector<std::string> commands() {
  std::vector<std::string> names;
  bool inside = false;
  for (const std::string& line : lines_of(help_of({}))) {
    if (inside && line.starts_with("  ")) names.push_back(line.substr(2, line.find(' ', 2) - 2));
    inside = line == "Subcommands:" || (inside && line.starts_with("  "));
  }
  return names;
}

// One option or positional as --help shows it.
struct ShownOption {
  std::string name;   // "-o,--output" or "folder"
  std::string value;  // "FILE"; empty: a flag
  std::string help;
};

// Lines such as "  -o,--output FILE            Help": names, a blank and the value; the help starts
// in a fixed column, in the next line where the first part is too long.
std::vector<ShownOption> options_in(const std::string& help) {
  constexpr std::size_t kHelpColumn = 30;
  const std::string margin(kHelpColumn, ' ');
  const std::vector<std::string> lines = lines_of(help);
  std::vector<ShownOption> options;
  bool inside = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    if (!line.starts_with("  ")) {
      inside = line == "Options:" || line == "Positionals:";
    } else if (inside && line.starts_with(margin)) {
      if (!options.empty()) options.back().help += " " + line.substr(kHelpColumn);
    } else if (inside) {
      const bool help_follows = line.size() > kHelpColumn && line[kHelpColumn - 1] == ' ';
      std::string left = help_follows ? line.substr(0, kHelpColumn) : line;
      left = left.substr(2, left.find_last_not_of(' ') - 1);
      ShownOption& option = options.emplace_back();
      option.name = left.substr(0, left.find(' '));
      if (option.name.size() < left.size()) option.value = left.substr(option.name.size() + 1);
      if (help_follows) option.help = line.substr(kHelpColumn);
    }
  }
  return options;
}

TEST(Help, OfEveryOptionSaysWhatItsValueIs) {
  std::size_t options = 0;
  const std::vector<std::string> names = commands();
  EXPECT_GE(names.size(), 15U);
  for (const std::string& command : names) {
    for (const ShownOption& option : options_in(help_of({command}))) {
      EXPECT_GE(std::count(option.help.begin(), option.help.end(), ' '), 1)
          << command << " " << option.name << " has no help: '" << option.help << "'";
      // CLI11 names a value after its C++ type if nobody else does.
      for (const char* type : {"TEXT", "INT", "UINT", "FLOAT", "BOOLEAN"}) {
        EXPECT_NE(option.value.substr(0, option.value.find(':')), type)
            << command << " " << option.name << " has no name for its value";
      }
      ++options;
    }
  }
  EXPECT_GE(options, 100U);
}

TEST(Help, OfTheCommandsOverImagesSaysEveryDefault) {
  for (const char* command : {"predict", "explain", "faithfulness", "manifest", "inspect"}) {
    std::size_t options = 0;
    for (const ShownOption& option : options_in(help_of({command}))) {
      ++options;
      if (option.name == "-h,--help") continue;
      const bool says = option.help.find("Default: ") != std::string::npos ||
                        option.help.find("Required") != std::string::npos;
      const bool plain_flag =
          option.value.empty() && option.help.find("instead of") != std::string::npos;
      EXPECT_TRUE(says || plain_flag) << command << " " << option.name << ": " << option.help;
    }
    EXPECT_GE(options, 4U) << command;
  }
}

// The two tests above can fail.
TEST(Help, IsTakenApartAsItIsShown) {
  const std::vector<ShownOption> options = options_in(
      "Usage: x\nPositionals:\n  folder FOLDER               Folder with images\n\nOptions:\n"
      "  -o,--output FILE            File. Required\n"
      "  --images FOLDER|CSV|IMAGE-FILE\n" +
      std::string(30, ' ') + "Images to read.\n" + std::string(30, ' ') +
      "Default: none\n"
      "  --empty N                   \n  --flag                      A flag\n\nExamples:\n  x y\n");
  ASSERT_EQ(options.size(), 5U);
  EXPECT_EQ(options[0].name, "folder");
  EXPECT_EQ(options[0].value, "FOLDER");
  EXPECT_EQ(options[1].name, "-o,--output");
  EXPECT_EQ(options[1].help, "File. Required");
  EXPECT_EQ(options[2].value, "FOLDER|CSV|IMAGE-FILE");
  EXPECT_EQ(options[2].help, " Images to read. Default: none");
  EXPECT_EQ(options[3].value, "N");
  EXPECT_EQ(options[3].help, "");
  EXPECT_EQ(options[4].value, "");
  EXPECT_EQ(options[4].help, "A flag");
}

}  // namespace
}  // namespace apatite::cli
