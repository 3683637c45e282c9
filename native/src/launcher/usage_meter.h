#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "unique_fd.h"

namespace sandpiper {

// What is to be kept of a sandbox from its start on, so that it can be told later what it used:
// when that was, and what had gone through its network namespace by then. Cgroups count by
// themselves.
class UsageMeter {
 public:
  // `pid` is the sandbox's init.
  explicit UsageMeter(pid_t pid);

  [[nodiscard]] uint64_t started_ns() const { return started_ns_; }
  // /proc/PID/net/dev as it was at the start, and as it is; "" when it can't be read.
  [[nodiscard]] const std::string& network_before() const { return network_before_; }
  [[nodiscard]] std::string ReadNetwork() const;

 private:
  uint64_t started_ns_;
  // Stays on its network namespace, also when the init has ended.
  UniqueFd network_devices_;
  std::string network_before_;
};

}  // namespace sandpiper
