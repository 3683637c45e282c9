#include "child.h"

#include <csignal>

namespace sandpiper {

Child::~Child() { Signal(SIGKILL); }

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  Signal(SIGKILL);
  pid_ = std::exchange(other.pid_, -1);
  pidfd_ = std::move(other.pidfd_);
  return *this;
}

// By number: it is a child that was not reaped, and the descriptor may have been refused.
void Child::Signal(int signal) const {
  if (valid()) (void)kill(pid_, signal);
}

bool Child::Reaped(pid_t pid) {
  if (!valid() || pid != pid_) return false;
  pid_ = -1;
  pidfd_.Reset();
  return true;
}

}  // namespace sandpiper
