#include "waiting_program.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <ctime>

#include "caps.h"
#include "seccomp.h"

namespace sandpiper {
namespace {

constexpr size_t kStackBytes = size_t{64} * 1024;
constexpr int kNotStarted = 127;
constexpr long kLookNs = 20'000'000;

// Shared by the two processes. One of them waits whenever the other one goes on, so that also what
// belongs to a thread (errno) is never used by both.
struct Shared {
  const std::string* seccomp_filter;
  const Program* program;
  Failure failure;
  pid_t pid;
  // The process, until it has executed the program or has ended: the kernel clears it then and
  // wakes who waits (set_tid_address(2)).
  std::atomic<uint32_t> alive;
  std::atomic<uint32_t> is_prepared;
  std::atomic<uint32_t> is_told;
};
Shared shared;

void WaitWhile(std::atomic<uint32_t>& word, uint32_t value) {
  while (word.load() == value) {
    (void)syscall(SYS_futex, &word, FUTEX_WAIT, value, nullptr, nullptr, 0);
  }
}

// Nobody else would wake the one that waits.
void Set(std::atomic<uint32_t>& word) {
  word.store(1);
  while (syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0) < 0) {
  }
}

Status DropPrivileges() {
  TRY(DropCapabilities());
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
    return LastFailure("prctl PR_SET_NO_NEW_PRIVS", "program");
  }
  return LoadSeccomp(*shared.seccomp_filter);
}

int Live(void*) {
  shared.failure = DropPrivileges().failure();
  Set(shared.is_prepared);
  if (shared.failure.error != 0) return kNotStarted;
  WaitWhile(shared.is_told, 0);
  shared.failure = ExecuteProgram(*shared.program).failure();
  return kNotStarted;
}

}  // namespace

Status WaitingProgram::Start(const std::string& seccomp_filter) {
  alignas(16) static char stack[kStackBytes];
  shared.seccomp_filter = &seccomp_filter;
  shared.alive.store(1);
  constexpr int kFlags =
      CLONE_VM | CLONE_FILES | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;
  if (clone(Live, stack + sizeof(stack), kFlags, nullptr, &shared.pid, nullptr, &shared.alive) <
      0) {
    return LastFailure("clone", "program");
  }
  // It may be killed before it can tell.
  while (shared.is_prepared.load() == 0 && shared.alive.load() != 0) {
    const timespec interval{0, kLookNs};
    (void)syscall(SYS_futex, &shared.is_prepared, FUTEX_WAIT, 0, &interval, nullptr, 0);
  }
  if (shared.is_prepared.load() == 0) return Failure{ECANCELED, "clone", "program"};
  return shared.failure.error == 0 ? Status() : shared.failure;
}

Result<pid_t> WaitingProgram::Run(const Program& program) {
  shared.program = &program;
  Set(shared.is_told);
  WaitWhile(shared.alive, 1);
  if (shared.failure.error != 0) return shared.failure;
  return shared.pid;
}

}  // namespace sandpiper
