#pragma once

#include <sys/types.h>

#include <vector>

#include "request.h"
#include "result.h"

namespace sandpiper {

// Write ends of what a program prints to standard output and to standard error: may be those of one
// pipe.
struct Outputs {
  int standard;
  int error;
};

struct Program {
  const ProgramRequest& request;
  const List<RlimitRequest>& rlimits;
  Outputs outputs;
};

// So that /dev/stdout and /dev/stderr can be opened again inside, by other users than `owner` too,
// the host id of the sandbox's root.
Status ShareOutputs(const Outputs& outputs, uint32_t owner);

// Makes the calling process the program. Returns only why it can't.
Status ExecuteProgram(const Program& program);

// Starts a program in a new process, with these flags of clone(2) besides. Returns when it runs, or
// why it can't. The number of the process is in `pid` too, from the moment on that there is one:
// also when whoever called this is killed meanwhile, and when the program can't run. Allocates
// nothing.
Result<pid_t> StartProgram(const Program& program, int clone_flags, pid_t* pid);

}  // namespace sandpiper
