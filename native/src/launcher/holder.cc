#include "holder.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <initializer_list>

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

[[noreturn]] void RunChild(int go, int reports, std::initializer_list<Holder::Part> parts) {
  for (const Holder::Part part : parts) {
    if (!Wait(go)) _exit(0);
    const Status status = part == nullptr ? Status() : part();
    Report report{};
    report.kind = Report::Kind::kReady;
    // The launcher waits for it, and is told by the end of who can't tell.
    if (!SendReport(reports, status.ok() ? report : FailureReport(status.failure())).ok()) _exit(1);
  }
  Wait(go);
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

Result<Holder> Holder::Start(int clone_flags, Part first, Part second) {
  Pipe go = TRY(MakePipe());
  Pipe reports = TRY(MakePipe());
  const long pid = syscall(SYS_clone, clone_flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (pid < 0) return LastFailure("clone", "holder");
  if (pid == 0) {
    go.write.Reset();
    RunChild(go.read.get(), reports.write.get(), {first, second});
  }
  return Holder(static_cast<pid_t>(pid), std::move(go.write), std::move(reports.read));
}

Status Holder::Begin() { return sys::Write(go_.get(), "", 1, "holder"); }

Status Holder::Finish() {
  static Report report;
  if (!ReceiveReport(reports_.get(), &report)) return Failure{EPIPE, "read", "holder"};
  if (report.kind == Report::Kind::kFailed) return FailureOf(report);
  return {};
}

Status Holder::Proceed() {
  TRY(Begin());
  return Finish();
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
