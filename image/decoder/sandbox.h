// What a process that opens files from outside may still do (Linux).
#pragma once

#include <cstdint>

namespace apatite::image {

struct SandboxLimits {
  std::int64_t memory_mib = 4096;   // of address space, beyond what the process has when it starts
  std::int64_t cpu_seconds = 60;    // of processor time for one file
  std::int64_t wall_seconds = 120;  // of anybody's time for one file
  std::int64_t output_mib = 2048;   // that a file may grow to
};

// Gives up, for good, what a decoder does not need: memory and output beyond the limits, core
// dumps, more than a handful of descriptors, new privileges, and, where the kernel filters system
// calls (seccomp), every call but those for memory, for descriptors that are open already, for time
// and for ending. Others fail with EPERM. False if the kernel refused one of these (an old one, or
// none for this processor): the limits that could be set hold.
bool enter_sandbox(const SandboxLimits& limits);

// Processor time from now on, for the next file. Beyond it the process gets SIGXCPU.
void limit_cpu_time(std::int64_t seconds);

}  // namespace apatite::image
