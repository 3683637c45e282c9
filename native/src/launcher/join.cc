#include "join.h"

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "caps.h"
#include "cgroup.h"
#include "namespaces.h"
#include "report.h"
#include "seccomp.h"
#include "sys.h"

namespace sandpiper {
namespace {

Status Check(long result, const char* call, const char* object) {
  if (result < 0) return LastFailure(call, object);
  return {};
}

// Until the program is executed, its process has a copy of the launcher's memory and the launcher
// as its /proc/PID/exe: nobody inside may trace it or look into it (CVE-2016-9962, CVE-2019-5736).
Status Hide() { return Check(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl PR_SET_DUMPABLE", "exec"); }

// What needs the host's tree; then closes every descriptor that leads there, as it would lead a
// path of the sandbox out (CVE-2024-21626).
Status LeaveHost(const Joining& j) {
  TRY(JoinCgroups(j.cgroups));
  TRY(ShareOutputs(j.outputs, j.owner));
  return sys::CloseAllBut({j.init, j.outputs.standard, j.outputs.error, j.reports});
}

// Nobody inside sees this process: it stays in the launcher's pid namespace, and only the program's
// process is made in the sandbox's. That matters because /proc/PID/mountinfo, net and cgroup are
// open to everybody, so whoever is seen must have left all else of the host before. The namespaces
// are joined in one call, never some of them only. The change of ids makes the process dumpable
// again where fs.suid_dumpable is 1. The filter comes last, because it refuses most of this.
Status EnterSandbox(const Joining& j) {
  TRY(LeaveHost(j));
  TRY(JoinSandbox(j.init));
  TRY(Hide());
  TRY(Check(prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl PR_SET_PDEATHSIG", "exec"));
  TRY(Check(close(j.init), "close", "init"));
  TRY(DropCapabilities());
  TRY(Check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl PR_SET_NO_NEW_PRIVS", "exec"));
  return LoadSeccomp(j.seccomp_filter);
}

Status Run(const Joining& j) {
  TRY(EnterSandbox(j));
  TRY(StartProgram({j.program, j.sandbox.rlimits, j.outputs}, CLONE_PARENT, j.pid));
  return {};
}

}  // namespace

void Join(const Joining& joining) {
  (void)prctl(PR_SET_NAME, "sandpiper-exec");
  const Status status = Run(joining);
  Report report{};
  report.kind = Report::Kind::kReady;
  (void)SendReport(joining.reports, status.ok() ? report : FailureReport(status.failure()));
  _exit(0);
}

}  // namespace sandpiper
