// The program: words in, text and an exit code (docs/exit-codes.md) out. All work is the library's.
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/commands/commands.h"
#include "cli/terminal/help_formatter.h"
#include "cli/terminal/output.h"

namespace apatite::cli {
namespace {

constexpr int kSuccess = 0;

int exit_code(ErrorKind kind) { return static_cast<int>(kind); }

int complain(std::string_view message, ErrorKind kind) {
  const std::string line = "apatite: " + escape_control(message) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
  return exit_code(kind);
}

// The sub-command that was named, null if none was.
const CLI::App* chosen_command(const CLI::App& program) {
  const auto chosen = program.get_subcommands();
  return chosen.empty() ? nullptr : chosen.front();
}

int parse_and_run(CLI::App& program, Action& action, const std::vector<std::string>& words) {
  try {
    check_words(program, words);
    program.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::CallForHelp&) {
    const CLI::App* command = chosen_command(program);
    print(command == nullptr ? program.help() : command->help("apatite"));
    return kSuccess;
  } catch (const CLI::CallForVersion& version) {
    print(std::string(version.what()) + "\n");
    return kSuccess;
  } catch (const CLI::ParseError& error) {
    const CLI::App* command = chosen_command(program);
    const std::string name = command == nullptr ? std::string() : command->get_name() + " ";
    throw Error(ErrorKind::kUsage, command == nullptr ? "command line" : command->get_name(),
                error.what(), "see apatite " + name + "--help");
  }
  return action();
}

int run(const std::vector<std::string>& words) {
  CLI::App program(
      "Classifies medical images with convolutional networks, shows what each decision rests on,\n"
      "and evaluates the results. The same inputs give the same bits on every machine.",
      "apatite");
  program.set_version_flag("--version", "apatite " APATITE_VERSION, "Print the version and exit");
  program.formatter(std::make_shared<HelpFormatter>());  // the commands take it over
  program.require_subcommand(1);
  program.footer(
      "Each command explains its options: apatite COMMAND --help\n"
      "Examples:\n"
      "  apatite convert model.pth -o model.safetensors --classes benign,malignant\n"
      "  apatite predict --weights model.safetensors --images test/ -o predictions.csv\n"
      "  apatite explain --weights model.safetensors --images test/ -o maps\n"
      "  apatite evaluate predictions.csv --positive malignant --threshold 0.5\n"
      "Exit codes (docs/exit-codes.md):\n"
      "  0  everything is done          4  the content of a file is refused\n"
      "  1  a defect of apatite         5  a file cannot be opened, read or written\n"
      "  2  a wrong argument            6  a backend or instruction set is not available\n"
      "  3  some images are unreadable  7  a number that is not finite arose");
  Action action;
  add_predict(program, action);
  add_explain(program, action);
  add_faithfulness(program, action);
  add_evaluate(program, action);
  add_compare(program, action);
  add_convert(program, action);
  add_init(program, action);
  add_check(program, action);
  add_manifest(program, action);
  add_models(program, action);
  add_describe(program, action);
  add_backends(program, action);
  add_inspect(program, action);
  add_recipes(program, action);
  add_version(program, action);
  const int code = parse_and_run(program, action, words);
  flush_output();
  return code;
}

}  // namespace
}  // namespace apatite::cli

int main(int argc, char** argv) {
  using apatite::ErrorKind;
  // Writing to a closed pipe is an error of that write, not the end of a run that may take hours.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return apatite::cli::run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const apatite::Error& error) {
    std::fflush(stdout);
    return apatite::cli::complain(error.what(), error.kind());
  } catch (const std::bad_alloc&) {
    return apatite::cli::complain("out of memory; use fewer threads or a smaller batch",
                                  ErrorKind::kInternal);
  } catch (const std::exception& error) {
    return apatite::cli::complain(std::string("internal error: ") + error.what(),
                                  ErrorKind::kInternal);
  }
}
