#pragma once

#include <string>

#include "cgroup.h"
#include "program.h"
#include "request.h"

namespace sandpiper {

// All that a process needs to start a further program in a sandbox, prepared before the fork so
// that it allocates nothing.
struct Joining {
  // The sandbox's cgroups.
  Cgroups cgroups;
  // The sandbox's init, by its pidfd, and what that was started with.
  int init;
  const StartRequest& sandbox;
  // Host id of the sandbox's root.
  uint32_t owner;
  const ProgramRequest& program;
  const std::string& seccomp_filter;
  Outputs outputs;
  // Write end of the pipe for reports.
  int reports;
  // In memory that the launcher sees too: the program's process, as soon as there is one.
  pid_t* pid;
};

// Joins the sandbox, starts the program as a child of the launcher, reports whether it runs, and
// ends. Runs in a new process of the launcher's pid namespace.
[[noreturn]] void Join(const Joining& joining);

}  // namespace sandpiper
