#include "init.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>

#include "caps.h"
#include "program.h"
#include "report.h"
#include "sys.h"
#include "wait_status.h"
#include "waiting_program.h"

namespace sandpiper {
namespace {

// Waits for the program, reaping all others.
int WaitForProgram(pid_t program, const sigset_t& signals) {
  while (true) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, WNOHANG);
    if (ended == program && IsEnd(status)) return status;
    // Or it failed, and that is no answer: there is a child until the program has ended.
    if (ended != 0) continue;
    siginfo_t info{};
    const int signal = sigwaitinfo(&signals, &info);
    // si_pid is 0 for a sender outside the namespace: only the launcher may ask this.
    if (signal == SIGTERM && info.si_pid == 0) kill(-1, SIGTERM);
  }
}

sigset_t AwaitedSignals() {
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGCHLD);
  sigaddset(&awaited, SIGTERM);
  return awaited;
}

// It needs none any more: it only waits.
Status DropPrivileges() {
  TRY(DropCapabilities());
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
    return LastFailure("prctl PR_SET_NO_NEW_PRIVS", "init");
  }
  return {};
}

Status StartFirst(const StartRequest& request, const Outputs& outputs, pid_t* pid) {
  TRY(DropPrivileges());
  *pid = TRY(WaitingProgram::Run({request.program, request.rlimits, outputs}));
  return {};
}

// What can't be told must not go on unseen: the init's end is seen, and takes everything along.
void Tell(int reports, const Report& report) {
  if (!SendReport(reports, report).ok()) _exit(1);
}

[[noreturn]] void GiveUp(int reports, const Failure& failure) {
  Tell(reports, FailureReport(failure));
  _exit(1);
}

}  // namespace

Status BlockSignals() {
  sigset_t signals;
  sigfillset(&signals);
  if (sigprocmask(SIG_BLOCK, &signals, nullptr) < 0) return LastFailure("sigprocmask", "init");
  return {};
}

void RunInit(const StartRequest& request, const Outputs& outputs, int reports) {
  const sigset_t signals = AwaitedSignals();
  Report report{};
  pid_t pid = 0;
  const Status started = StartFirst(request, outputs, &pid);
  if (!started.ok()) GiveUp(reports, started.failure());
  report.kind = Report::Kind::kReady;
  report.started_ns = sys::MonotonicNs();
  Tell(reports, report);
  // Not before: to let go of a mount takes time. What stays open ends with this process.
  (void)sys::CloseAllBut({reports});
  report.wait_status = WaitForProgram(pid, signals);
  report.ended_ns = sys::MonotonicNs();
  report.kind = Report::Kind::kEnded;
  Tell(reports, report);
  _exit(0);
}

}  // namespace sandpiper
