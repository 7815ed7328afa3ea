// apatite version: the program's version and that of the arithmetic it computes.
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/terminal/output.h"

namespace apatite::cli {

void add_version(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand("version", "Print the version");
  command->footer("Examples:\n  apatite version");
  command->callback([&action] {
    action = [] {
      print("apatite " APATITE_VERSION "\n");
      return 0;
    };
  });
}

}  // namespace apatite::cli
