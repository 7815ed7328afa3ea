// Restricts a process that reads files from outside (Linux).
#pragma once

#include <cstdint>

namespace apatite::image {

struct SandboxLimits {
  std::int64_t memory_mib = 4096;   // of address space, beyond what the process has when it starts
  std::int64_t cpu_seconds = 60;    // of processor time for one file
  std::int64_t wall_seconds = 120;  // of real time for one file
  std::int64_t output_mib = 2048;   // that a file may grow to
};

// Gives up, until the process ends, what a decoder does not need: memory and output beyond the
// limits, core dumps, more than a few descriptors, and new privileges. If the kernel can filter
// system calls (seccomp), every call fails with EPERM except those for memory, for descriptors that
// are already open, for time and for ending. Returns false if the kernel refused one of these
// (because it is old, or does not filter on this processor); the limits that could be set are in
// force.
bool enter_sandbox(const SandboxLimits& limits);

// Limits the processor time from now on, for the next file. Beyond it the process gets SIGXCPU.
void limit_cpu_time(std::int64_t seconds);

}  // namespace apatite::image
