#pragma once

#include <string>
#include <vector>

#include "request.h"
#include "result.h"
#include "unique_fd.h"

// Mechanism only: which directories, files and values is decided in native/lib/cgroup.
namespace sandpiper {

// The cgroups of one sandbox: one of this name in each directory. All borrowed.
struct Cgroups {
  int host;
  const List<CgroupRequest>& parents;
  const char* name;
};

// Makes the one of version 2, if there is one, with its limits, and opens it for clone3(2), which
// makes a process in it. Moving one there would wait for every CPU to pass through the scheduler.
Result<UniqueFd> MakeUnifiedCgroup(const Cgroups& cgroups);

// Makes those of version 1 with their limits and moves the calling process, which has one thread,
// into them. Allocates nothing.
Status EnterCgroups(const Cgroups& cgroups);

// Writes the limits anew.
Status LimitCgroups(const Cgroups& cgroups);

// Opens the one of version 2, if there is one, for a further process.
Result<UniqueFd> OpenUnifiedCgroup(const Cgroups& cgroups);

// Moves the calling process, which has one thread, into those of version 1, which must be there.
// Allocates nothing.
Status JoinCgroups(const Cgroups& cgroups);

// Opens the one in a directory.
Result<UniqueFd> OpenCgroup(const Cgroups& cgroups, const CgroupRequest& parent);

// The contents of every file in the `reads` of each, in order; "" for one that is not there.
std::vector<std::string> ReadCgroups(const Cgroups& cgroups);

// Their paths, relative to the host's root, each with a NUL after it.
std::string CgroupPaths(const Cgroups& cgroups);

// Removes the directories; whether all are gone.
bool RemoveCgroups(const Cgroups& cgroups);

// The same for what CgroupPaths returned. `host` is the root of the host's tree.
bool RemoveCgroupPaths(int host, const char* paths, size_t size);

}  // namespace sandpiper
