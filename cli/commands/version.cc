// apatite version: the version of the program, and that of the arithmetic that it computes.
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/terminal/output.h"
#include "engine/graph/contract.h"

namespace apatite::cli {

void add_version(CLI::App& program, Action& action) {
  auto* command =
      program.add_subcommand("version", "Print the versions of apatite and of its arithmetic");
  command->footer(
      "Examples:\n"
      "  apatite version\n"
      "Two programs whose arithmetic has the same version give the same bits "
      "(docs/arithmetic.md).");
  command->callback([&action] {
    action = [] {
      print("apatite " APATITE_VERSION "\narithmetic " +
            to_text(std::int64_t{engine::kContractVersion}) + "\n");
      return 0;
    };
  });
}

}  // namespace apatite::cli
