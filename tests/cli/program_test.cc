// The program as a user meets it: words, text, exit codes.
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "engine/backends.h"
#include "models/describe.h"
#include "models/models.h"
#include "tests/support/program.h"
#include "tests/support/source_dir.h"

namespace apatite::cli {
namespace {

ProgramResult apatite(const std::vector<std::string>& arguments) {
  return run_program(APATITE_PROGRAM, arguments);
}

// A refusal: this code, nothing on standard output, one line on standard error.
void expect_refusal(const ProgramResult& result, ErrorKind kind, const std::string& line) {
  EXPECT_EQ(result.exit_code, static_cast<int>(kind));
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(result.errors, "apatite: " + line + "\n");
}

// The sub-commands that --help lists.
std::vector<std::string> listed_commands() {
  const std::string help = apatite({"--help"}).output;
  const auto begin = help.find("Subcommands:\n");
  if (begin == std::string::npos) return {};
  std::vector<std::string> names;
  for (std::size_t at = help.find('\n', begin) + 1; help.substr(at, 2) == "  ";
       at = help.find('\n', at) + 1) {
    names.push_back(help.substr(at + 2, help.find(' ', at + 2) - at - 2));
  }
  return names;
}

TEST(Program, EveryCommandHasHelpWithExamples) {
  const auto names = listed_commands();
  EXPECT_GE(names.size(), 2U);
  for (const std::string& name : names) {
    const ProgramResult help = apatite({name, "--help"});
    EXPECT_EQ(help.exit_code, 0) << name;
    EXPECT_NE(help.output.find("Usage: apatite " + name), std::string::npos) << help.output;
    EXPECT_NE(help.output.find("Examples:\n  apatite " + name), std::string::npos) << help.output;
    EXPECT_EQ(help.errors, "");
  }
}

TEST(Program, SaysItsVersion) {
  EXPECT_EQ(apatite({"--version"}).output, "apatite " APATITE_VERSION "\n");
  EXPECT_TRUE(apatite({"version"}).output.starts_with("apatite " APATITE_VERSION "\n"));
}

TEST(Program, AsksForACommand) {
  expect_refusal(apatite({}), ErrorKind::kUsage,
                 "command line: A subcommand is required; see apatite --help");
}

TEST(Program, OffersTheNearestCommand) {
  const ProgramResult result = apatite({"bakends"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_TRUE(result.errors.starts_with(
      "apatite: command line: there is no sub-command 'bakends'; nearest: backends, "))
      << result.errors;
}

TEST(Program, OffersTheNearestOption) {
  expect_refusal(apatite({"backends", "--jsn"}), ErrorKind::kUsage,
                 "backends: there is no option '--jsn'; nearest: --json, --help, -h");
  EXPECT_EQ(apatite({"--versoin"}).errors,
            "apatite: command line: there is no option '--versoin'; nearest: --version, --help, "
            "-h\n");
}

TEST(Program, RefusesASurplusWord) {
  expect_refusal(apatite({"backends", "extra"}), ErrorKind::kUsage,
                 "backends: The following argument was not expected: extra; see apatite backends "
                 "--help");
}

TEST(Program, MessagesStayOneLineWhateverTheWordsHold) {
  const ProgramResult result = apatite({"a\nb\x1b[31m"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.errors.find("'a\\x0ab\\x1b[31m'"), std::string::npos) << result.errors;
  EXPECT_EQ(result.errors.find('\n'), result.errors.size() - 1);
}

TEST(Program, ListsEveryBackendThatIsBuiltIn) {
  const Json answer = parse_json(apatite({"backends", "--json"}).output, "backends --json");
  ASSERT_EQ(answer["backends"].size(), engine::backends().size());
  for (std::size_t i = 0; i < engine::backends().size(); ++i) {
    const Json& listed = answer["backends"][i];
    EXPECT_EQ(listed["name"], engine::backends()[i]->name());
    EXPECT_EQ(listed["reason"], engine::backends()[i]->unavailable_reason());
    std::size_t chosen = 0;
    for (const Json& isa : listed["isas"]) {
      if (!isa["chosen"]) continue;
      ++chosen;
      EXPECT_EQ(isa["name"], engine::resolve_isa(*engine::backends()[i], ""));
    }
    EXPECT_EQ(chosen, listed["available"] ? 1U : 0U);
  }
  const std::string text = apatite({"backends"}).output;
  for (const engine::Backend* backend : engine::backends()) {
    EXPECT_NE(text.find(backend->name()), std::string::npos);
    EXPECT_NE(text.find(backend->promise()), std::string::npos);
  }
}

TEST(Program, ListsEveryModel) {
  const std::string text = apatite({"models"}).output;
  const Json list = parse_json(apatite({"models", "--json"}).output, "models --json");
  ASSERT_EQ(list.size(), models::models().size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ(list[i]["name"], models::models()[i].name);
    EXPECT_NE(text.find("\n" + models::models()[i].name + " "), std::string::npos);
  }
}

TEST(Program, DescribesANetwork) {
  EXPECT_EQ(apatite({"describe", "cifar_resnet20", "--num-classes", "2"}).output,
            models::describe(
                models::build_model({.architecture = "cifar_resnet20", .classes = 2}, 32, 32)));
  const Json network = parse_json(apatite({"describe", "resnet101", "--json"}).output, "describe");
  EXPECT_EQ(network["parameters"], 44'549'160);
  EXPECT_EQ(network["nodes"].back()["name"], "fc");
  EXPECT_EQ(parse_json(apatite({"describe", "densenet201", "--json"}).output, "d")["parameters"],
            20'013'928);
  EXPECT_EQ(apatite({"describe", "resnet18", "--height", "64", "--width", "96", "--taps"}).output,
            "relu           64x32x48\n"
            "layer1.1.relu  64x16x24\n"
            "layer2.1.relu  128x8x12\n"
            "layer3.1.relu  256x4x6\n"
            "layer4.1.relu  512x2x3\n");
}

TEST(Program, RefusesToDescribeWhatItDoesNotKnow) {
  expect_refusal(apatite({"describe", "resnt101"}), ErrorKind::kUsage,
                 "resnt101: is not an architecture that apatite knows; nearest: resnet101, "
                 "resnet152, resnet18");
  EXPECT_EQ(apatite({"describe", "resnet101", "--height", "-5"}).exit_code, 2);
  EXPECT_EQ(apatite({"describe", "resnet101", "--num-classes", "x"}).exit_code, 2);
  EXPECT_EQ(apatite({"describe"}).exit_code, 2);
}

TEST(Program, SaysWhenItsOutputCannotBeWritten) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const ProgramResult result = run_program(APATITE_PROGRAM, {"backends"}, ".", "/dev/full");
  EXPECT_EQ(result.exit_code, static_cast<int>(ErrorKind::kIo));
  EXPECT_EQ(result.errors, "apatite: standard output: cannot write (No space left on device)\n");
}

TEST(Program, SurvivesAClosedPipe) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execl(APATITE_PROGRAM, APATITE_PROGRAM, "backends", nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  EXPECT_EQ(wait_for(child), 0);
}

// docs/exit-codes.md lists exactly the kinds of base/error.h.
TEST(ExitCodes, AreDocumented) {
  const std::string source = source_dir().string();
  const std::string header = read_text(source + "/base/error.h");
  const std::string document = read_text(source + "/docs/exit-codes.md");
  std::size_t kinds = 0;
  for (std::size_t at = header.find("\n  k"); at != std::string::npos;
       at = header.find("\n  k", at + 1)) {
    const std::string entry = header.substr(at + 3, header.find(',', at) - at - 3);
    const auto equals = entry.find(" = ");
    ASSERT_NE(equals, std::string::npos) << entry;
    const std::string row =
        "| " + entry.substr(equals + 3) + " | `" + entry.substr(0, equals) + "` |";
    EXPECT_NE(document.find(row), std::string::npos) << row;
    ++kinds;
  }
  EXPECT_EQ(kinds, 7U);
  EXPECT_EQ(document.find("| 8 |"), std::string::npos);
}

}  // namespace
}  // namespace apatite::cli
