#include "watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <initializer_list>

namespace {

struct ProcPath {
  char text[64];
  ProcPath(int pid, const char* name) {
    (void)std::snprintf(text, sizeof(text), "/proc/%d/%s", pid, name);
  }
};

// The content of a file of /proc, "" when it can't be read.
struct Content {
  char text[4096] = {};
  Content(int pid, const char* name) : Content(ProcPath(pid, name).text) {}
  explicit Content(const char* path) {
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    (void)!read(fd, text, sizeof(text) - 1);
    close(fd);
  }
  [[nodiscard]] bool Has(const char* part) const { return std::strstr(text, part) != nullptr; }
};

struct Link {
  char text[4096] = {};
  explicit Link(const char* path) { (void)!readlink(path, text, sizeof(text) - 1); }
  [[nodiscard]] bool Has(const char* part) const { return std::strstr(text, part) != nullptr; }
};

void Got(const char* what, const char* detail) { std::printf("got %s %s\n", what, detail); }

// By what it was started with, which everybody can read.
bool IsLauncher(int pid) { return Content(pid, "cmdline").Has("sandpiper-launcher"); }

void LookAtLinks(int pid) {
  const Link executable(ProcPath(pid, "exe").text);
  if (executable.Has("launcher")) Got("exe", executable.text);
  for (const char* name : {"root", "cwd"}) {
    struct stat theirs {};
    struct stat ours {};
    const bool looked = stat(ProcPath(pid, name).text, &theirs) == 0 && stat("/", &ours) == 0;
    if (looked && (theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino)) Got(name, "");
  }
  for (int fd = 0; fd < 64; fd++) {
    char name[16];
    (void)std::snprintf(name, sizeof(name), "fd/%d", fd);
    const Link link(ProcPath(pid, name).text);
    const bool expected = link.text[0] == '\0' || link.Has("pipe:") || link.Has("/dev/null");
    if (!expected) Got(name, link.text);
  }
}

void LookAtMemory(int pid) {
  if (Content(pid, "maps").Has("launcher")) Got("maps", "");
  if (Content(pid, "mountinfo").Has("/host")) Got("mountinfo", "");
  if (Content(pid, "environ").text[0] != '\0' && IsLauncher(pid)) Got("environ", "");
  // The header of a static program, where the launcher's is.
  char byte = 0;
  iovec local{&byte, 1};
  iovec remote{reinterpret_cast<void*>(0x400000), 1};
  if (process_vm_readv(pid, &local, 1, &remote, 1, 0) == 1 && IsLauncher(pid)) Got("memory", "");
}

void Attach(int pid) {
  if (ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0) return;
  if (IsLauncher(pid)) Got("ptrace", "");
  ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
  waitpid(pid, nullptr, __WALL);
  ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
}

void StealDescriptor(int pid) {
  const auto pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) return;
  for (int fd = 3; fd < 16; fd++) {
    const auto stolen = static_cast<int>(syscall(SYS_pidfd_getfd, pidfd, fd, 0));
    if (stolen < 0) continue;
    if (IsLauncher(pid)) Got("descriptor", "");
    close(stolen);
  }
  close(pidfd);
}

long Milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

// Each new number is higher than the last, until they start again.
int NewestPid() {
  const Content content("/proc/loadavg");
  const char* last = std::strrchr(content.text, ' ');
  return last == nullptr ? 0 : std::atoi(last);
}

}  // namespace

void WatchProcesses(int milliseconds) {
  long seen = 0;
  const long end = Milliseconds() + milliseconds;
  int from = NewestPid();
  while (Milliseconds() < end) {
    const int newest = NewestPid();
    for (int pid = from; pid <= newest + 1; pid++) {
      if (pid <= 1 || pid == getpid() || !IsLauncher(pid)) continue;
      seen++;
      LookAtLinks(pid);
      LookAtMemory(pid);
      Attach(pid);
      StealDescriptor(pid);
    }
    from = newest;
  }
  std::printf("seen %ld\n", seen);
}
