#pragma once

#include <sys/wait.h>

namespace sandpiper {

// Whether a status of waitpid(2) tells of an end. It tells of stops too to who traces a process,
// which a process can make its parent do (PTRACE_TRACEME).
inline bool IsEnd(int wait_status) { return WIFEXITED(wait_status) || WIFSIGNALED(wait_status); }

}  // namespace sandpiper
