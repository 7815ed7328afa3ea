#include "cli/arguments.h"

#include "base/error.h"
#include "base/text.h"

namespace apatite::cli {
namespace {

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

[[noreturn]] void refuse(const std::string& where, const std::string& kind, const std::string& word,
                         const std::vector<std::string>& names) {
  throw Error(ErrorKind::kUsage, where, "there is no " + kind + " '" + word + "'",
              "nearest: " + join(nearest(word, names)));
}

}  // namespace

void check_words(const CLI::App& program, const std::vector<std::string>& words) {
  if (words.empty()) return;
  if (words[0].starts_with('-')) {
    if (program.get_option_no_throw(words[0]) == nullptr) {
      refuse("command line", "option", words[0], option_names(program));
    }
    return;
  }
  const auto commands = program.get_subcommands([](const CLI::App*) { return true; });
  const CLI::App* command = nullptr;
  std::vector<std::string> command_names;
  for (const CLI::App* candidate : commands) {
    command_names.push_back(candidate->get_name());
    if (candidate->get_name() == words[0]) command = candidate;
  }
  if (command == nullptr) refuse("command line", "sub-command", words[0], command_names);

  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") return;
    if (word.size() < 2 || word[0] != '-') continue;
    const std::string name =
        word.starts_with("--") ? word.substr(0, word.find('=')) : word.substr(0, 2);
    const CLI::Option* option = command->get_option_no_throw(name);
    if (option == nullptr) {
      refuse(command->get_name(), "option", name, option_names(*command));
    }
    const bool value_follows = option->get_items_expected_min() > 0 && word == name;
    if (value_follows) ++i;
  }
}

}  // namespace apatite::cli
