#pragma once

#include <cstdint>

#include "result.h"

namespace sandpiper {

// What a process between clone and exec, or a sandbox's init, tells the launcher through a pipe.
// One write each and smaller than PIPE_BUF, so that it arrives whole (pipe(7)). Text is copied in,
// never pointed to: the launcher trusts no pointer of a process that has run near a step.
struct Report {
  enum class Kind : uint32_t { kFailed = 1, kPrepared = 2, kReady = 3, kEnded = 4 };

  Kind kind;
  int32_t error;
  // As waitpid gives it.
  int32_t wait_status;
  uint64_t started_ns;
  uint64_t ended_ns;
  // Of a prepared init: its descriptors of the root, of the layer's file system, -1 if that has
  // none of its own, and of the output file, -1 if it has none. They are fetched and not sent: what
  // a user's processes have sent and nobody has taken yet is limited (unix(7), ETOOMANYREFS), and a
  // step could have used that up.
  int32_t root;
  int32_t layer;
  int32_t output;
  char call[48];
  char object[1024];
};
static_assert(sizeof(Report) < 4096);

Report FailureReport(const Failure& failure);
// The reverse; the result points into `report`.
Failure FailureOf(Report& report);

// Never blocks for long. A pipe needs memory, which a cgroup at its limit may not have at once:
// that is waited for, a second at most. Who then goes on after a failure goes on unseen.
Status SendReport(int pipe, const Report& report);

// Whether a whole report was read.
bool ReceiveReport(int pipe, Report* report);

}  // namespace sandpiper
