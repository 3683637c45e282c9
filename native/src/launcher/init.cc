#include "init.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>

#include "program.h"
#include "report.h"
#include "result.h"
#include "sys.h"

namespace sandpiper {
namespace {

constexpr size_t kStackBytes = size_t{64} * 1024;

// Shared with the child by CLONE_VM until it has executed the program.
struct Launch {
  const Program& program;
  Failure failure;
};

int RunProgram(void* argument) {
  auto* launch = static_cast<Launch*>(argument);
  launch->failure = ExecuteProgram(launch->program);
  _exit(127);
}

// CLONE_VFORK: returns when the program runs or could not be run.
Result<pid_t> StartProgram(const Program& program) {
  alignas(16) static char stack[kStackBytes];
  Launch launch{program, {}};
  const pid_t pid =
      clone(RunProgram, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, &launch);
  if (pid < 0) return LastFailure("clone", "program");
  if (launch.failure.error != 0) return launch.failure;
  return pid;
}

// Waits for the program, reaping all others.
int WaitForProgram(pid_t program, const sigset_t& signals) {
  while (true) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, WNOHANG);
    if (ended == program) return status;
    if (ended > 0) continue;
    siginfo_t info{};
    const int signal = sigwaitinfo(&signals, &info);
    // si_pid is 0 for a sender outside the namespace: only the launcher may ask this.
    if (signal == SIGTERM && info.si_pid == 0) kill(-1, SIGTERM);
  }
}

sigset_t BlockSignals() {
  sigset_t signals;
  sigfillset(&signals);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGCHLD);
  sigaddset(&awaited, SIGTERM);
  return awaited;
}

void KeepOnly(int reports) {
  if (reports > 0) (void)close_range(0, static_cast<unsigned>(reports) - 1, 0);
  (void)close_range(static_cast<unsigned>(reports) + 1, ~0U, 0);
}

}  // namespace

void RunInit(const StartRequest& request, int output, int reports) {
  const sigset_t signals = BlockSignals();
  Report report{};
  Result<pid_t> program = StartProgram({request.program, request.rlimits, output});
  KeepOnly(reports);
  if (!program.ok()) {
    SendReport(reports, FailureReport(program.failure()));
    _exit(1);
  }
  report.kind = Report::Kind::kReady;
  report.started_ns = sys::MonotonicNs();
  SendReport(reports, report);
  report.wait_status = WaitForProgram(program.Take(), signals);
  report.ended_ns = sys::MonotonicNs();
  report.kind = Report::Kind::kEnded;
  SendReport(reports, report);
  _exit(0);
}

}  // namespace sandpiper
