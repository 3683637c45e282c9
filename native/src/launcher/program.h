#pragma once

#include <sys/types.h>

#include <vector>

#include "request.h"
#include "result.h"

namespace sandpiper {

struct Program {
  const ProgramRequest& request;
  const std::vector<RlimitRequest>& rlimits;
  // Write end of its output.
  int output;
};

// The last steps to a program, from the process that is to become it; the failure of one, if it
// comes back. Allocates nothing. Closes every descriptor above the standard streams but
// those that are close-on-exec.
[[nodiscard]] Failure ExecuteProgram(const Program& program);

}  // namespace sandpiper
