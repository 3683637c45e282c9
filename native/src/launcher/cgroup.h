#pragma once

#include <string>
#include <vector>

#include "request.h"
#include "result.h"

// Mechanism only: which directories, files and values is decided in native/lib/cgroup.
namespace sandpiper {

// Makes the directories, writes the limits and moves the calling process in. Allocates nothing.
Status EnterCgroups(int host, const std::vector<CgroupRequest>& cgroups);

// The contents of every file to be read back, in order; "" for one that is not there.
std::vector<std::string> ReadCgroups(int host, const std::vector<CgroupRequest>& cgroups);

// Removes the directories; whether all are gone.
bool RemoveCgroups(int host, const std::vector<CgroupRequest>& cgroups);

}  // namespace sandpiper
