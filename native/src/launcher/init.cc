#include "init.h"

#include <unistd.h>

#include <csignal>
#include <cstdint>

#include "program.h"
#include "report.h"
#include "sys.h"
#include "wait_status.h"

namespace sandpiper {
namespace {

// Waits for the program, reaping all others.
int WaitForProgram(pid_t program, const sigset_t& signals) {
  while (true) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, WNOHANG);
    if (ended == program && IsEnd(status)) return status;
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

}  // namespace

void RunInit(const StartRequest& request, int output, int reports) {
  const sigset_t signals = BlockSignals();
  Report report{};
  pid_t pid = 0;
  const Result<pid_t> program = StartProgram({request.program, request.rlimits, output}, 0, &pid);
  (void)sys::CloseAllBut({reports});
  if (!program.ok()) {
    SendReport(reports, FailureReport(program.failure()));
    _exit(1);
  }
  report.kind = Report::Kind::kReady;
  report.started_ns = sys::MonotonicNs();
  SendReport(reports, report);
  report.wait_status = WaitForProgram(pid, signals);
  report.ended_ns = sys::MonotonicNs();
  report.kind = Report::Kind::kEnded;
  SendReport(reports, report);
  _exit(0);
}

}  // namespace sandpiper
