#pragma once

#include <sys/types.h>

#include <string>

#include "result.h"
#include "unique_fd.h"

namespace sandpiper {

struct SpawnedLauncher {
  pid_t pid;
  UniqueFd pidfd;
  // Our end of its control socket, non-blocking.
  UniqueFd socket;
};

// Starts the launcher with an empty environment, in a session of its own (so that Ctrl-C at a
// terminal does not reach it), its end of the control socket as descriptor 3. Like vfork: no copy
// of Node's memory is made (posix_spawn(3)).
Result<SpawnedLauncher> SpawnLauncher(const std::string& path);

}  // namespace sandpiper
