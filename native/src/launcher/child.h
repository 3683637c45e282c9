#pragma once

#include <sys/types.h>

#include "unique_fd.h"

namespace sandpiper {

// A child process of the launcher, which is killed with the object. Nobody waits for it here: who
// traces it may keep it from being reaped. The server reaps whatever has ended.
class Child {
 public:
  Child() = default;
  Child(pid_t pid, UniqueFd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  Child(Child&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)) {}
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  // Whether there is one that was not reaped.
  [[nodiscard]] bool valid() const { return pid_ > 0; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  // Readable when it has ended.
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  // Nothing happens when it was reaped.
  void Signal(int signal) const;
  // Takes note that a process was reaped. @returns whether it is this one.
  bool Reaped(pid_t pid);

 private:
  pid_t pid_ = -1;
  UniqueFd pidfd_;
};

}  // namespace sandpiper
