#include "program.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "rlimits.h"
#include "sys.h"
#include "user.h"

namespace sandpiper {
namespace {

constexpr size_t kStackBytes = size_t{64} * 1024;

Status Duplicate(int from, int to) {
  if (dup2(from, to) < 0) return LastFailure("dup2", "standard stream");
  return {};
}

Status SetStreams(const Program& program) {
  // A pipe that a step put in the place of the device must not hold us up. Not close-on-exec: it
  // may have got the number that it is to have.
  const int null = open("/dev/null", O_RDONLY | O_NONBLOCK);
  if (null < 0) return LastFailure("open", "/dev/null");
  TRY(Duplicate(null, STDIN_FILENO));
  TRY(Duplicate(program.outputs.standard, STDOUT_FILENO));
  TRY(Duplicate(program.outputs.error, STDERR_FILENO));
  // Before a path is used that leads inside: /proc/self/fd is such a path (CVE-2024-21626).
  // The table may be shared with the sandbox's init, which needs its own.
  if (close_range(3, ~0U, CLOSE_RANGE_UNSHARE) < 0)
    return LastFailure("close_range", "descriptors");
  return {};
}

Status UnblockSignals() {
  sigset_t none;
  sigemptyset(&none);
  if (sigprocmask(SIG_SETMASK, &none, nullptr) < 0) return LastFailure("sigprocmask", "program");
  return {};
}

// As root first, then as the user: a directory that only one of them can enter works, as it does
// with Docker.
Status EnterAsUser(const ProgramRequest& request) {
  const bool entered = chdir(request.cwd) == 0;
  if (!entered && errno != EACCES) return LastFailure("chdir", request.cwd);
  if (request.user) TRY(BecomeUser(*request.user));
  if (!entered && chdir(request.cwd) < 0) return LastFailure("chdir", request.cwd);
  return {};
}

}  // namespace

Status ExecuteProgram(const Program& program) {
  TRY(UnblockSignals());
  if (setsid() < 0) return LastFailure("setsid", "program");
  umask(022);
  TRY(SetRlimits(program.rlimits));
  TRY(SetStreams(program));
  TRY(EnterAsUser(program.request));
  execve(program.request.argv[0], program.request.argv.data(), program.request.env.data());
  return LastFailure("execve", program.request.argv[0]);
}

namespace {

// Shared with the new process by CLONE_VM until it has executed the program.
struct Launch {
  const Program& program;
  Failure failure;
};

int RunProgram(void* argument) {
  auto* launch = static_cast<Launch*>(argument);
  launch->failure = ExecuteProgram(launch->program).failure();
  return 127;
}

}  // namespace

Status ShareOutputs(const Outputs& outputs, uint32_t owner) {
  for (const int output : {outputs.standard, outputs.error}) {
    TRY(sys::ChangeOwner(output, owner, owner, "output"));
    if (fchmod(output, 0622) < 0) return LastFailure("fchmod", "output");
  }
  return {};
}

Result<pid_t> StartProgram(const Program& program, int clone_flags, pid_t* pid) {
  alignas(16) static char stack[kStackBytes];
  Launch launch{program, {}};
  constexpr int kFlags = CLONE_VM | CLONE_VFORK | CLONE_PARENT_SETTID | SIGCHLD;
  if (clone(RunProgram, stack + sizeof(stack), kFlags | clone_flags, &launch, pid) < 0) {
    return LastFailure("clone", "program");
  }
  if (launch.failure.error != 0) return launch.failure;
  return *pid;
}

}  // namespace sandpiper
