// The sub-commands of apatite, one file each. add_NAME declares the sub-command's options; when the
// command line chose it, `action` holds what to run, whose value is the exit code.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>

namespace apatite::cli {

using Action = std::function<int()>;

void add_predict(CLI::App& program, Action& action);
void add_explain(CLI::App& program, Action& action);
void add_faithfulness(CLI::App& program, Action& action);
void add_convert(CLI::App& program, Action& action);
void add_init(CLI::App& program, Action& action);
void add_check(CLI::App& program, Action& action);
void add_manifest(CLI::App& program, Action& action);
void add_models(CLI::App& program, Action& action);
void add_describe(CLI::App& program, Action& action);
void add_backends(CLI::App& program, Action& action);
void add_evaluate(CLI::App& program, Action& action);
void add_compare(CLI::App& program, Action& action);
void add_inspect(CLI::App& program, Action& action);
void add_recipes(CLI::App& program, Action& action);
void add_version(CLI::App& program, Action& action);

}  // namespace apatite::cli
