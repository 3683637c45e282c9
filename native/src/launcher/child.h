#pragma once

#include <sys/types.h>

#include "unique_fd.h"

namespace sandpiper {

// A child process of the launcher, which kills and reaps it when nobody has done so before.
class Child {
 public:
  Child() = default;
  Child(pid_t pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  Child(Child&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {}
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { End(); }

  // Whether there is one that was not reaped.
  [[nodiscard]] bool valid() const { return pid_ > 0; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  // Readable when it has ended.
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  // Nothing happens when it was reaped.
  void Signal(int signal) const;
  // Waits for its end. @returns its wait status.
  int Reap();
  // SIGKILL, and waits for its end.
  void End();

 private:
  pid_t pid_ = -1;
  UniqueFd pidfd_;
};

}  // namespace sandpiper
