#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "cgroup_sampler.h"
#include "request.h"
#include "unique_fd.h"

namespace sandpiper {

// Bytes that went through interfaces, each wire::kUnknown when that can't be told.
struct NetworkBytes {
  uint64_t received;
  uint64_t sent;
};

// What is to be kept of a sandbox from its start on, so that it can be told later what it used:
// when that was, and what had gone through its network namespace by then. Cgroups count by
// themselves.
class UsageMeter {
 public:
  // `pid` is the sandbox's init. Of the interfaces those count that have one of these names; all
  // but loopback when there are none. The request must outlive it.
  UsageMeter(pid_t pid, const List<const char*>& interfaces);

  [[nodiscard]] uint64_t started_ns() const { return started_ns_; }
  // Since the start.
  [[nodiscard]] NetworkBytes MeasureNetwork() const;
  // What its cgroups are read by while it runs. Made when it is first asked for: many sandboxes end
  // before.
  const CgroupSampler& Sampler(const Cgroups& cgroups);

 private:
  [[nodiscard]] NetworkBytes ReadNetwork() const;

  uint64_t started_ns_;
  const List<const char*>* interfaces_;
  // Stays on its network namespace, also when the init has ended.
  UniqueFd network_devices_;
  NetworkBytes network_before_;
  std::optional<CgroupSampler> sampler_;
};

}  // namespace sandpiper
