// Runs a program as a user would and keeps what it said.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace apatite {

struct ProgramResult {
  int exit_code = -1;  // 128 + signal if a signal ended it
  std::string output;
  std::string errors;
};

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

// Starts `program` with `arguments` in `folder`; its output goes to the two files. Returns its id.
inline pid_t start_program(const std::string& program, const std::vector<std::string>& arguments,
                           const std::filesystem::path& folder, const std::filesystem::path& output,
                           const std::filesystem::path& errors) {
  std::vector<char*> words{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child > 0) return child;
  const auto redirect = [](const std::filesystem::path& path, int to) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file < 0 || ::dup2(file, to) < 0) ::_exit(126);
  };
  redirect(output, STDOUT_FILENO);
  redirect(errors, STDERR_FILENO);
  if (::chdir(folder.c_str()) != 0) ::_exit(126);
  ::execv(program.c_str(), words.data());
  ::_exit(127);
}

inline int wait_for(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid failed");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// `output` replaces the file that standard output goes to, e.g. /dev/full.
inline ProgramResult run_program(const std::string& program,
                                 const std::vector<std::string>& arguments,
                                 const std::filesystem::path& folder = ".",
                                 const std::filesystem::path& output = {}) {
  const TemporaryFolder captured;
  const auto out = output.empty() ? captured / "out" : output;
  const pid_t child = start_program(program, arguments, folder, out, captured / "err");
  ProgramResult result;
  result.exit_code = wait_for(child);
  if (output.empty()) result.output = read_text(captured / "out");
  result.errors = read_text(captured / "err");
  return result;
}

}  // namespace apatite
