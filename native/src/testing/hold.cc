#include "hold.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

namespace {

std::string ReadProc(const std::string& pid, const char* name) {
  const int fd = open(("/proc/" + pid + "/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  char text[4096];
  const ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text));
  if (fd >= 0) close(fd);
  return size <= 0 ? std::string() : std::string(text, static_cast<size_t>(size));
}

// For ever: does something to every process of that name.
template <typename Act>
void WithNamed(const char* name, Act act) {
  std::puts("looking");
  (void)std::fflush(stdout);
  while (true) {
    DIR* processes = opendir("/proc");
    while (const dirent* entry = readdir(processes)) {
      const int pid = std::atoi(entry->d_name);
      if (pid > 1 && pid != getpid() && ReadProc(entry->d_name, "comm") == name) act(pid);
    }
    closedir(processes);
  }
}

}  // namespace

void TraceOthers() {
  WithNamed("traceable\n", [](int pid) { ptrace(PTRACE_SEIZE, pid, nullptr, nullptr); });
}

void BeTraced() {
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
  prctl(PR_SET_NAME, "traceable");
  while (ReadProc("self", "status").find("TracerPid:\t0\n") != std::string::npos) usleep(1000);
}

void StopTracedByParent() {
  std::puts("stopping");
  (void)std::fflush(stdout);
  ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  (void)raise(SIGSTOP);
}

void StopStarting() {
  WithNamed("sandpiper-exec\n", [](int pid) { kill(pid, SIGSTOP); });
}

void LeaveToParent() {
  std::thread([] { ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); }).join();
  if (syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr) == 0) _exit(0);
}

void LeaveDaemon() {
  int ends[2];
  if (pipe(ends) != 0) return;
  if (fork() != 0) {
    close(ends[1]);
    char byte = 0;
    (void)!read(ends[0], &byte, 1);
    return;
  }
  setsid();
  if (fork() != 0) _exit(0);
  (void)signal(SIGTERM, SIG_IGN);
  (void)signal(SIGHUP, SIG_IGN);
  std::printf("daemon %d\n", getpid());
  (void)std::fflush(stdout);
  // Nobody is to wait for its output; whoever started it waits for the pipe.
  (void)close_range(0, ~0U, 0);
  while (true) pause();
}

void StopAll() {
  (void)signal(SIGTERM, SIG_IGN);
  if (fork() == 0) {
    std::puts("stopping");
    (void)std::fflush(stdout);
  }
  while (true) (void)raise(SIGSTOP);
}

void SwapForEver() {
  std::puts("swapping");
  (void)std::fflush(stdout);
  while (renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE) == 0) continue;
  std::perror("renameat2");
}

void UseUpInotify() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  while (inotify_init1(IN_CLOEXEC) >= 0) continue;
  std::perror("used up");
  while (true) pause();
}
