#pragma once

#include <string>
#include <vector>

#include "result.h"

namespace sandpiper {

// execve(2): the calling process goes on as another program, with its id, its terminal and its
// descriptors up to 2. Its threads end. Returns only when it failed.
Failure Execute(const std::string& path, const std::vector<std::string>& argv,
                const std::vector<std::string>& env);

}  // namespace sandpiper
