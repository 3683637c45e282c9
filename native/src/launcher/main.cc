#include <fcntl.h>
#include <linux/keyctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "enter.h"
#include "probe.h"
#include "server.h"
#include "unique_fd.h"

namespace {

// The runner puts its end of the control socket there.
constexpr int kSocket = 3;
// On a disk, where /tmp may be in memory.
constexpr const char* kScratchParent = "/var/tmp";

// A runner that the operator protects from the out-of-memory killer does not pass that on to steps.
void LoseOomProtection() {
  const sandpiper::UniqueFd file(open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC));
  char sign = 0;
  if (pread(file.get(), &sign, 1, 0) == 1 && sign == '-') (void)!pwrite(file.get(), "0", 1, 0);
}

// What the runner's process leaves to its children and sandboxes must not have.
void ForgetParent() {
  umask(0);
  LoseOomProtection();
  for (int signal = 1; signal < NSIG; signal++) (void)std::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, nullptr);
  (void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr, 0, 0, 0);
  (void)close_range(kSocket + 1, ~0U, 0);
  (void)fcntl(kSocket, F_SETFD, FD_CLOEXEC);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc >= 2 && std::strcmp(argv[1], "probe") == 0) {
    return sandpiper::RunProbes(argc > 2 ? argv[2] : kScratchParent);
  }
  if (argc >= 2 && std::strcmp(argv[1], "enter") == 0) {
    return sandpiper::RunInUserNamespace(argc, argv);
  }
  if (argc != 2 || std::strcmp(argv[1], "serve") != 0) {
    static constexpr char kUsage[] = "sandpiper-launcher is started by Sandpiper's runner\n";
    (void)!write(STDERR_FILENO, kUsage, sizeof(kUsage) - 1);
    return 2;
  }
  ForgetParent();
  return sandpiper::Server(sandpiper::UniqueFd(kSocket)).Run();
}
