#pragma once

#include <string>

#include "result.h"
#include "unique_fd.h"

namespace sandpiper {

// Makes the file when it is not there and takes an exclusive lock on it (flock(2)), which lasts
// until the descriptor is closed or the process ends. EWOULDBLOCK when another process has it.
Result<UniqueFd> LockFile(const std::string& path);

// The same for a directory, which must be there.
Result<UniqueFd> LockDirectory(const std::string& path);

}  // namespace sandpiper
