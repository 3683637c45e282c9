#include <fcntl.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "attempt.h"

// Each takes a pid, as it is in the host's namespace where the step should not see it.
namespace {

std::string Of(const char* pid, const char* name) {
  return std::string("/proc/") + pid + "/" + name;
}

long Open(const char* pid, const char* name, int flags) {
  return open(Of(pid, name).c_str(), flags | O_CLOEXEC);
}

long Trace(const char* pid) {
  const pid_t traced = std::atoi(pid);
  if (ptrace(PTRACE_SEIZE, traced, nullptr, nullptr) < 0) return -1;
  ptrace(PTRACE_INTERRUPT, traced, nullptr, nullptr);
  waitpid(traced, nullptr, __WALL);
  ptrace(PTRACE_DETACH, traced, nullptr, nullptr);
  return 0;
}

// The first address of its first mapping.
long FirstAddress(const char* pid) {
  unsigned long address = 0;
  FILE* maps = std::fopen(Of(pid, "maps").c_str(), "r");
  if (maps == nullptr) return 0;
  if (std::fscanf(maps, "%lx", &address) != 1) address = 0;
  (void)std::fclose(maps);
  return static_cast<long>(address);
}

long MoveMemory(const char* pid, bool write) {
  char byte[4] = {};
  const long at = FirstAddress(pid);
  iovec local{byte, sizeof(byte)};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): it is an address of another process.
  iovec remote{reinterpret_cast<void*>(at == 0 ? 0x40'0000 : at), sizeof(byte)};
  const long moved = process_vm_readv(std::atoi(pid), &local, 1, &remote, 1, 0);
  if (!write || moved < 0) return moved;
  // Of a program's header, which is read-only: EFAULT is the kernel's own answer.
  return process_vm_writev(std::atoi(pid), &local, 1, &remote, 1, 0);
}

long GetDescriptor(const char* pid) {
  const long pidfd = Raw(SYS_pidfd_open, std::atol(pid));
  return pidfd < 0 ? -1 : Raw(SYS_pidfd_getfd, pidfd, 0);
}

long SameSession(const char*) {
  errno = ESRCH;
  return getsid(0) == getpid() ? -1 : 0;
}

// The init is to have no time when it is to end.
long Idle(long pid) {
  const sched_param parameter{};
  return Raw(SYS_sched_setscheduler, pid, SCHED_IDLE, Address(&parameter));
}

long Pin(long pid) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(0, &cpus);
  return Raw(SYS_sched_setaffinity, pid, sizeof(cpus), Address(&cpus));
}

long LimitTime(long pid) {
  const rlimit limit{1000, 1000};
  return Raw(SYS_prlimit64, pid, RLIMIT_CPU, Address(&limit), 0);
}

const Attempt kAttempts[] = {
    {"signal", [](const char* pid) { return static_cast<long>(kill(std::atoi(pid), 0)); }},
    {"ptrace", Trace},
    {"process_vm_readv", [](const char* pid) { return MoveMemory(pid, false); }},
    {"process_vm_writev", [](const char* pid) { return MoveMemory(pid, true); }},
    {"pidfd_open", [](const char* pid) { return Raw(SYS_pidfd_open, std::atol(pid)); }},
    {"pidfd_getfd", GetDescriptor},
    {"exe", [](const char* pid) { return Open(pid, "exe", O_RDONLY); }},
    // CVE-2019-5736. It runs, so ETXTBSY is the kernel's answer where nothing else refuses.
    {"exe-write", [](const char* pid) { return Open(pid, "exe", O_WRONLY); }},
    {"root", [](const char* pid) { return Open(pid, "root", O_RDONLY | O_DIRECTORY); }},
    {"cwd", [](const char* pid) { return Open(pid, "cwd", O_RDONLY | O_DIRECTORY); }},
    {"fd", [](const char* pid) { return Open(pid, "fd", O_RDONLY | O_DIRECTORY); }},
    {"fd-0", [](const char* pid) { return Open(pid, "fd/0", O_RDONLY | O_NONBLOCK); }},
    {"mem", [](const char* pid) { return Open(pid, "mem", O_RDWR); }},
    {"environ", [](const char* pid) { return Open(pid, "environ", O_RDONLY); }},
    {"ptrace-init", [](const char*) { return Trace("1"); }},
    {"init-exe", [](const char*) { return Open("1", "exe", O_RDONLY); }},
    {"foreign-session", SameSession},
    {"init-idle", [](const char*) { return Idle(1); }},
    {"init-affinity", [](const char*) { return Pin(1); }},
    {"init-nice", [](const char*) { return Raw(SYS_setpriority, PRIO_PROCESS, 1, 19); }},
    {"user-nice", [](const char*) { return Raw(SYS_setpriority, PRIO_USER, 0, 19); }},
    {"init-limit", [](const char*) { return LimitTime(1); }},
};

}  // namespace

Attempts ProcessAttempts() { return kAttempts; }
