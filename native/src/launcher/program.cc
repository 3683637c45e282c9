#include "program.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "rlimits.h"
#include "user.h"

namespace sandpiper {
namespace {

Status Duplicate(int from, int to) {
  if (dup2(from, to) < 0) return LastFailure("dup2", "standard stream");
  return {};
}

Status SetStreams(int output) {
  // A pipe that a step put in the place of the device must not hold us up.
  const int null = open("/dev/null", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (null < 0) return LastFailure("open", "/dev/null");
  TRY(Duplicate(null, STDIN_FILENO));
  TRY(Duplicate(output, STDOUT_FILENO));
  TRY(Duplicate(output, STDERR_FILENO));
  if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) {
    return LastFailure("close_range", "descriptors");
  }
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

Status Execute(const Program& program) {
  TRY(UnblockSignals());
  if (setsid() < 0) return LastFailure("setsid", "program");
  umask(022);
  TRY(SetRlimits(program.rlimits));
  TRY(SetStreams(program.output));
  TRY(EnterAsUser(program.request));
  execve(program.request.argv[0], program.request.argv.data(), program.request.env.data());
  return LastFailure("execve", program.request.argv[0]);
}

}  // namespace

Failure ExecuteProgram(const Program& program) { return Execute(program).failure(); }

}  // namespace sandpiper
