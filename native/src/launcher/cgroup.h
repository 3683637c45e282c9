#pragma once

#include <string>
#include <vector>

#include "request.h"
#include "result.h"
#include "unique_fd.h"

// Mechanism only: which directories, files and values is decided in native/lib/cgroup.
namespace sandpiper {

// Makes the sandbox's cgroup of version 2, if it has one, and opens it for clone3(2), which makes a
// process in it. Moving one there would wait for every CPU to pass through the scheduler.
Result<UniqueFd> MakeUnifiedCgroup(int host, const std::vector<CgroupRequest>& cgroups);

// Makes the cgroups of version 1 and moves the calling process, which has one thread, into them.
// Allocates nothing.
Status EnterCgroups(int host, const std::vector<CgroupRequest>& cgroups);

// Opens the sandbox's cgroup of version 2, if it has one, for a further process.
Result<UniqueFd> OpenUnifiedCgroup(int host, const std::vector<CgroupRequest>& cgroups);

// Moves the calling process, which has one thread, into the cgroups of version 1, which must be
// there. Allocates nothing.
Status JoinCgroups(int host, const std::vector<CgroupRequest>& cgroups);

// The contents of every file in one of the lists of each (`reads` or `samples`), in order; "" for
// one that is not there.
std::vector<std::string> ReadCgroups(int host, const std::vector<CgroupRequest>& cgroups,
                                     std::vector<const char*> CgroupRequest::*files);

// The processes of the one whose bytes are to be added up, as text; "" when there is none.
std::string ReadProcesses(int host, const std::vector<CgroupRequest>& cgroups);

// Removes the directories; whether all are gone.
bool RemoveCgroups(int host, const std::vector<CgroupRequest>& cgroups);

}  // namespace sandpiper
