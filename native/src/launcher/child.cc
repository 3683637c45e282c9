#include "child.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace sandpiper {

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  End();
  pid_ = std::exchange(other.pid_, -1);
  pidfd_ = std::move(other.pidfd_);
  return *this;
}

void Child::Signal(int signal) const {
  if (!valid()) return;
  (void)syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0);
}

int Child::Reap() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

void Child::End() {
  if (!valid()) return;
  // By number: it is a child that was not reaped, and the descriptor may have been refused.
  (void)kill(pid_, SIGKILL);
  Reap();
}

}  // namespace sandpiper
