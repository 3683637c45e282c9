#pragma once

#include <cstdint>
#include <string>

#include "result.h"

namespace sandpiper {

// A regular file below `root`, links followed as Resolve does, whole. One with more bytes is
// refused; one that is not there fails with ENOENT.
Result<std::string> ReadFile(int root, const std::string& path, uint64_t bytes_max);

}  // namespace sandpiper
