#pragma once

#include <cstdint>

namespace sandpiper {

// Bytes that disks read and wrote.
struct IoBytes {
  uint64_t read;
  uint64_t written;
};

// What the processes of a list like cgroup.procs made the disks read and write, with their children
// that were waited for (proc_pid_io(5)). Of a bounded number of them: a step may have thousands.
IoBytes SumProcessIo(const char* processes);

}  // namespace sandpiper
