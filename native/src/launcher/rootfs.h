#pragma once

#include "result.h"
#include "unique_fd.h"

// Paths inside a sandbox's root. Whatever links the image has, nothing here leaves the root.
namespace sandpiper {

// Makes `tree` the root of the calling process's mount namespace, and the only thing in it.
Status EnterRoot(int tree);

// Opens the directory (O_PATH), making it and its parents when they are not there.
Result<UniqueFd> EnsureDirectory(int root, const char* path);

// Opens the file (O_PATH), making an empty one when it is not there. A link that leads nowhere is
// replaced: distributions ship /etc/resolv.conf as one.
Result<UniqueFd> EnsureFile(int root, const char* path);

}  // namespace sandpiper
