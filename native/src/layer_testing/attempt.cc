// Confines itself as sandpiper-layer does and then tries something that it must not be able to do.
//
//   layer-attempt none|reader|writer|filter DIRECTORY ATTEMPT
//
// It exits with the errno of the attempt, 0 when that went well and 200 when it could not begin.
// What the filter does not let through ends it by SIGSYS.
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "confined.h"

namespace {

// Without a flag that would keep it beneath anything: that is what the root is for.
long OpenAnywhere(const char* path, uint64_t flags) {
  open_how how{};
  how.flags = flags;
  how.mode = (flags & O_CREAT) != 0 ? 0644 : 0;
  return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

long ReadHostFile() { return OpenAnywhere("/etc/passwd", O_RDONLY); }

long ReadAbove() { return OpenAnywhere("../../../../../../../../etc/passwd", O_RDONLY); }

long ReadParent() { return OpenAnywhere("/../etc/passwd", O_RDONLY); }

long FollowLink() {
  if (symlinkat(".", AT_FDCWD, "link") < 0) return -1;
  return OpenAnywhere("link/new", O_WRONLY | O_CREAT);
}

long WriteFile() { return OpenAnywhere("new", O_WRONLY | O_CREAT); }

long OpenPlain() { return syscall(SYS_openat, AT_FDCWD, ".", O_RDONLY, 0); }

long MakeDevice() { return mknodat(AT_FDCWD, "null", S_IFCHR | 0666, makedev(1, 3)); }

long Connect() { return socket(AF_INET, SOCK_STREAM, 0); }

long Execute() {
  char name[] = "/bin/true";
  char* argv[] = {name, nullptr};
  return syscall(SYS_execve, name, argv, argv + 1);
}

long Fork() { return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }

long Trace() { return syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0); }

long Mount() { return syscall(SYS_mount, "none", "/", "tmpfs", 0, nullptr); }

long Kill() { return syscall(SYS_kill, getppid(), 0); }

long MakeExecutable() {
  void* memory = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? -1 : 0;
}

long GiveAway() { return fchownat(AT_FDCWD, ".", 12345, 12345, AT_SYMLINK_NOFOLLOW); }

constexpr struct {
  const char* name;
  long (*run)();
} kAttempts[] = {{"read-host-file", ReadHostFile},
                 {"read-above", ReadAbove},
                 {"read-parent", ReadParent},
                 {"follow-link", FollowLink},
                 {"write-file", WriteFile},
                 {"open-plain", OpenPlain},
                 {"device", MakeDevice},
                 {"socket", Connect},
                 {"execute", Execute},
                 {"fork", Fork},
                 {"trace", Trace},
                 {"mount", Mount},
                 {"kill", Kill},
                 {"executable-memory", MakeExecutable},
                 {"give-away", GiveAway}};

constexpr int kNotBegun = 200;

bool Confine(const char* as, const char* directory) {
  using namespace sandpiper;
  if (std::strcmp(as, "reader") == 0) return ConfineReader(directory).ok();
  if (std::strcmp(as, "writer") == 0) return ConfineWriter(directory).ok();
  if (std::strcmp(as, "filter") == 0) return ConfineFilter().ok();
  return std::strcmp(as, "none") == 0 && chdir(directory) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return kNotBegun;
  for (const auto& attempt : kAttempts) {
    if (std::strcmp(attempt.name, argv[3]) != 0) continue;
    if (!Confine(argv[1], argv[2])) return kNotBegun;
    _exit(attempt.run() < 0 ? errno : 0);
  }
  return kNotBegun;
}
