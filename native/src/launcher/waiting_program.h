#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "program.h"
#include "result.h"

namespace sandpiper {

// The process of a program that is not known yet. It has given up its rights and loaded its filter
// when it is made, which takes longer than all that is left to do once it is told what to run.
// There is one of them in a process at most. Allocates nothing.
class WaitingProgram {
 public:
  // Makes the process, a child of the calling one, whose signals must be blocked. It shares memory
  // and descriptors with that until it runs the program, and runs only while that one waits for it.
  static Status Start(const std::string& seccomp_filter);
  // Lets it run the program. Returns when it runs, or why it can't.
  static Result<pid_t> Run(const Program& program);
};

}  // namespace sandpiper
