#include "image/decoder/sandbox.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <vector>

namespace apatite::image {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_RISCV64;
#else
constexpr std::uint32_t kArchitecture = 0;  // no filter
#endif

// The sanitizers reserve terabytes of address space and have calls of their own.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

// Calls that every architecture above has.
constexpr std::array kAllowed{
    // memory
    SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk,
    // descriptors that are open
    SYS_read, SYS_write, SYS_pread64, SYS_pwrite64, SYS_readv, SYS_writev, SYS_lseek, SYS_fstat,
    SYS_ftruncate, SYS_close, SYS_recvmsg, SYS_sendmsg, SYS_recvfrom, SYS_sendto,
    // time and limits
    SYS_clock_gettime, SYS_gettimeofday, SYS_nanosleep, SYS_clock_nanosleep, SYS_sched_yield,
    SYS_getrusage, SYS_prlimit64, SYS_getrandom,
    // signals to itself and the end, as abort() needs them
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack, SYS_getpid, SYS_gettid,
    SYS_tgkill, SYS_futex, SYS_restart_syscall, SYS_exit, SYS_exit_group};

// The program's name, and whether memory can be read.
constexpr std::array kForSanitizers {
  SYS_readlinkat, SYS_pipe2,
#if defined(SYS_readlink)
      SYS_readlink,
#endif
};

sock_filter statement(int code, std::uint32_t value) {
  return {static_cast<std::uint16_t>(code), 0, 0, value};
}
sock_filter jump(int code, std::uint32_t value, std::uint8_t if_true, std::uint8_t if_false) {
  return {static_cast<std::uint16_t>(code), if_true, if_false, value};
}

// The call's number is compared with each that is allowed; another one fails with EPERM. Numbers of
// another architecture's table (32-bit calls, x32) are in no list: EPERM too.
std::vector<sock_filter> filter_program() {
  constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
  std::vector<sock_filter> program{
      statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      jump(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0), statement(BPF_RET | BPF_K, kRefuse),
      statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const long call : kAllowed) {
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
    program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  }
  if (kSanitized) {
    for (const long call : kForSanitizers) {
      program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
      program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    }
  }
  // fstat() of newer C libraries: by descriptor alone.
#if defined(SYS_newfstatat)
  program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, SYS_newfstatat, 0, 4));
  program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[3])));
  program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, AT_EMPTY_PATH, 0, 1));
  program.push_back(statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  program.push_back(statement(BPF_RET | BPF_K, kRefuse));
#endif
  program.push_back(statement(BPF_RET | BPF_K, kRefuse));
  return program;
}

bool filter_system_calls() {
  if (kArchitecture == 0 || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  std::vector<sock_filter> program = filter_program();
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

// Lowers a limit for good; one that is lower already stays.
bool lower(decltype(RLIMIT_CORE) resource, std::int64_t value) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0) return false;
  const auto wanted = static_cast<rlim_t>(value);
  if (wanted < limit.rlim_max) limit.rlim_max = wanted;
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(resource, &limit) == 0;
}

// The address space of this process in bytes, 0 if /proc does not tell.
std::int64_t address_space() {
  const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  std::array<char, 64> text{};
  const ssize_t size = ::read(file, text.data(), text.size());
  ::close(file);
  std::int64_t pages = 0;
  if (size > 0) std::from_chars(text.data(), text.data() + size, pages);
  return pages * ::sysconf(_SC_PAGESIZE);
}

}  // namespace

bool enter_sandbox(const SandboxLimits& limits) {
  constexpr std::int64_t kMib = std::int64_t{1} << 20;
  constexpr std::int64_t kMostDescriptors = 16;
  bool all = lower(RLIMIT_CORE, 0) && lower(RLIMIT_FSIZE, limits.output_mib * kMib) &&
             lower(RLIMIT_NOFILE, kMostDescriptors);
  if (!kSanitized) {
    all = lower(RLIMIT_AS, address_space() + limits.memory_mib * kMib) && all;
  }
  return filter_system_calls() && all;
}

void limit_cpu_time(std::int64_t seconds) {
  rusage used{};
  rlimit limit{};
  if (::getrusage(RUSAGE_SELF, &used) != 0 || ::getrlimit(RLIMIT_CPU, &limit) != 0) return;
  limit.rlim_cur = static_cast<rlim_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec + 2 + seconds);
  if (limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_CPU, &limit);
}

}  // namespace apatite::image
