#include "holder.h"

#include <fcntl.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

#include "sys.h"

namespace sandpiper {
namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return LastFailure("pipe2", "holder");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Whether a byte came; false when the launcher closed its end or died.
bool Wait(int pipe) {
  char byte = 0;
  ssize_t got = 0;
  do {
    got = read(pipe, &byte, 1);
  } while (got < 0 && errno == EINTR);
  return got == 1;
}

Status Check(long result, const char* call) {
  if (result < 0) return LastFailure(call, "holder");
  return {};
}

// What the kernel counts per user in a namespace (inotify instances, pending signals, message
// queues, timers) it also counts for the user who made that (ucount.c), and holds it to that user's
// limit: were it root, one sandbox could use up what the host's own root has, and other stages with
// it. The capabilities stay: not every host lets anybody make user namespaces.
Status OwnUserNamespace(uid_t owner) {
  TRY(Check(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP), "prctl PR_SET_SECUREBITS"));
  TRY(Check(syscall(SYS_setresuid, owner, owner, owner), "setresuid"));
  return sys::Unshare(CLONE_NEWUSER, "user namespace");
}

[[noreturn]] void RunChild(int go, int reports, Holder::Prepare prepare) {
  if (!Wait(go)) _exit(0);
  const Status status = prepare == nullptr ? Status() : prepare();
  Report report{};
  report.kind = Report::Kind::kReady;
  const Status told = SendReport(reports, status.ok() ? report : FailureReport(status.failure()));
  if (told.ok()) Wait(go);
  _exit(0);
}

}  // namespace

Holder::Holder(pid_t pid, UniqueFd go, UniqueFd reports)
    : pid_(pid), go_(std::move(go)), reports_(std::move(reports)) {}

Holder::Holder(Holder&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      go_(std::move(other.go_)),
      reports_(std::move(other.reports_)) {}

Holder::~Holder() {
  if (pid_ < 0) return;
  go_.Reset();
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<Holder> Holder::Start(int clone_flags, Prepare prepare) {
  Pipe go = TRY(MakePipe());
  Pipe reports = TRY(MakePipe());
  const long pid = syscall(SYS_clone, clone_flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (pid < 0) return LastFailure("clone", "holder");
  if (pid == 0) {
    go.write.Reset();
    RunChild(go.read.get(), reports.write.get(), prepare);
  }
  return Holder(static_cast<pid_t>(pid), std::move(go.write), std::move(reports.read));
}

Result<Holder> Holder::StartOwned(uid_t owner) {
  // Read by the child only, which has a copy of it.
  static uid_t wanted;
  wanted = owner;
  Holder holder = TRY(Start(0, [] { return OwnUserNamespace(wanted); }));
  TRY(holder.Proceed());
  return holder;
}

Status Holder::Proceed() {
  static Report report;
  TRY(sys::Write(go_.get(), "", 1, "holder"));
  if (!ReceiveReport(reports_.get(), &report)) return Failure{EPIPE, "read", "holder"};
  if (report.kind == Report::Kind::kFailed) return FailureOf(report);
  return {};
}

Result<UniqueFd> Holder::OpenProcFile(const char* name, int flags) const {
  char path[64];
  (void)std::snprintf(path, sizeof(path), "/proc/%d/%s", pid_, name);
  const int fd = open(path, flags | O_CLOEXEC);
  if (fd < 0) return LastFailure("open", name);
  return UniqueFd(fd);
}

Result<UniqueFd> Holder::Namespace(const char* name) const { return OpenProcFile(name, O_RDONLY); }

Status Holder::WriteProcFile(const char* name, const char* text) const {
  const UniqueFd file = TRY(OpenProcFile(name, O_WRONLY));
  return sys::Write(file.get(), text, std::strlen(text), name);
}

}  // namespace sandpiper
