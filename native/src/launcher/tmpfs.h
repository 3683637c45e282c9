#pragma once

#include "result.h"
#include "unique_fd.h"

namespace sandpiper {

struct TmpfsPlan {
  // What a failure shows.
  const char* name;
  // Most bytes and most files, as decimal text.
  const char* bytes;
  const char* inodes;
  // User and group id that own the root, as decimal text; null: those of the calling process.
  const char* owner;
  // Of the mount, beside those that every one has.
  unsigned attributes = 0;
};

// A new detached tmpfs that everybody may write to, like /tmp. Its pages are on the account of the
// memory cgroup that writes them first. Allocates nothing.
Result<UniqueFd> MountTmpfs(const TmpfsPlan& plan);

}  // namespace sandpiper
