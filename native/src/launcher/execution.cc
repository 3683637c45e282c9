#include "execution.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "cgroup.h"
#include "join.h"
#include "sys.h"

namespace sandpiper {
namespace {

Result<Child> StartHelper(const Joining& joining, int unified_cgroup) {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (unified_cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<uint64_t>(unified_cgroup);
  }
  const long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
  if (pid < 0) return LastFailure("clone3", "exec");
  if (pid == 0) Join(joining);
  return Child(static_cast<pid_t>(pid), UniqueFd(pidfd));
}

}  // namespace

Execution::~Execution() {
  Kill();
  if (shared_pid_ != nullptr) munmap(shared_pid_, sizeof(pid_t));
  sandbox_.executions--;
  if (told_) sandbox_.dying_executions--;
}

bool Execution::Tell() {
  if (std::exchange(told_, true)) return false;
  sandbox_.dying_executions++;
  return true;
}

void Execution::Kill() const {
  KillHelper();
  program_.Signal(SIGKILL);
  // Not reaped: Reaped() would have forgotten it.
  const pid_t half_started = shared_pid_ == nullptr ? 0 : *shared_pid_;
  if (half_started > 0) (void)kill(half_started, SIGKILL);
}

bool Execution::Reaped(pid_t pid, int status) {
  if (helper_.Reaped(pid)) return true;
  const bool is_half_started = *shared_pid_ == pid;
  if (!is_half_started && !program_.Reaped(pid)) return false;
  if (is_half_started) *shared_pid_ = 0;
  status_ = status;
  return true;
}

Result<std::unique_ptr<Execution>> Execution::Start(const World& world, Sandbox& sandbox,
                                                    const ProgramRequest& program,
                                                    const std::string& seccomp_filter,
                                                    UniqueFd output) {
  const int running = sandbox.executions - sandbox.dying_executions;
  if (running >= kMax || sandbox.executions >= kWithDyingMax)
    return Failure{EAGAIN, "exec", "sandbox with 32 execs"};
  TRY(sandbox.stage().CheckUser(program.user));
  std::unique_ptr<Execution> execution(new Execution(sandbox));
  TRY(execution->MapShared());
  int ends[2];
  // Not to be waited for: it is read when the helper has ended.
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return LastFailure("pipe2", "reports");
  execution->reports_.Reset(ends[0]);
  const UniqueFd reports(ends[1]);
  const Cgroups cgroups = sandbox.cgroups(world);
  const UniqueFd unified_cgroup = TRY(OpenUnifiedCgroup(cgroups));
  execution->helper_ = TRY(StartHelper({cgroups,
                                        sandbox.pidfd(),
                                        sandbox.request(),
                                        sandbox.stage().ids_start(),
                                        program,
                                        seccomp_filter,
                                        {output.get(), output.get()},
                                        reports.get(),
                                        execution->shared_pid_},
                                       unified_cgroup.get()));
  return execution;
}

Status Execution::MapShared() {
  void* memory = mmap(nullptr, sizeof(pid_t), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) return LastFailure("mmap", "exec");
  shared_pid_ = static_cast<pid_t*>(memory);
  return {};
}

Status Execution::AdoptProgram() {
  const pid_t pid = std::exchange(*shared_pid_, 0);
  if (pid <= 0) return {};
  Result<UniqueFd> pidfd = sys::PidFd(pid);
  const Status opened = pidfd.ok() ? Status() : pidfd.failure();
  program_ = Child(pid, pidfd.ok() ? pidfd.Take() : UniqueFd());
  return opened;
}

Status Execution::HelperEnded() {
  static Report report;
  prepared = true;
  TRY(AdoptProgram());
  if (!ReceiveReport(reports_.get(), &report)) {
    return Failure{ECANCELED, "exec", "program that was killed while it was starting"};
  }
  if (report.kind == Report::Kind::kFailed) return FailureOf(report);
  return {};
}

}  // namespace sandpiper
