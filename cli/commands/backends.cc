// apatite backends: lists the backends that are built in, says which of them this machine can run
// and which instruction set each would use.
#include <memory>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands/commands.h"
#include "cli/terminal/output.h"
#include "engine/backends.h"
#include "engine/runtime/threads.h"

namespace apatite::cli {
namespace {

Json describe(const engine::Backend& backend) {
  const std::string reason = backend.unavailable_reason();
  Json isas = Json::array();
  const std::string chosen = reason.empty() ? engine::resolve_isa(backend, "") : std::string();
  for (const engine::Isa& isa : backend.isas()) {
    isas.push_back({{"name", isa.name}, {"present", isa.present}, {"chosen", isa.name == chosen}});
  }
  return {{"name", backend.name()},
          {"description", backend.description()},
          {"promise", backend.promise()},
          {"available", reason.empty()},
          {"reason", reason},
          {"default", &backend == engine::backends().front()},
          {"isas", isas}};
}

std::string isa_list(const Json& isas) {
  std::vector<std::string> items;
  for (const Json& isa : isas) {
    std::string item = isa["name"];
    if (isa["chosen"]) item += " (chosen)";
    if (!isa["present"]) item += " (not on this machine)";
    items.push_back(std::move(item));
  }
  return join(items);
}

int run(bool as_json) {
  Json list = Json::array();
  for (const engine::Backend* backend : engine::backends()) list.push_back(describe(*backend));
  if (as_json) {
    print(to_text(Json{{"backends", list}, {"threads", engine::resolve_threads(0)}}));
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const Json& backend : list) {
    const std::string name = backend["name"];
    rows.push_back({name, backend["default"] ? "the default" : "--backend " + name});
    rows.push_back({"", "what     " + backend["description"].get<std::string>()});
    rows.push_back({"", "promise  " + backend["promise"].get<std::string>()});
    rows.push_back({"", "isa      " + isa_list(backend["isas"])});
    if (!backend["available"]) {
      rows.push_back({"", "cannot run here: " + backend["reason"].get<std::string>()});
    }
  }
  print(table(rows));
  print("threads by default: " + to_text(std::int64_t{engine::resolve_threads(0)}) + "\n");
  return 0;
}

}  // namespace

void add_backends(CLI::App& program, Action& action) {
  auto* command = program.add_subcommand(
      "backends", "List the backends, and which of them this machine can run");
  const auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "Print JSON instead of a table");
  command->footer(
      "Examples:\n"
      "  apatite backends\n"
      "  apatite backends --json\n"
      "  apatite predict --backend exact --isa avx2 ...   chooses one of them");
  command->callback([as_json, &action] { action = [as_json] { return run(*as_json); }; });
}

}  // namespace apatite::cli
