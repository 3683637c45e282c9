#pragma once

#include "request.h"
#include "result.h"
#include "unique_fd.h"

namespace sandpiper {

// The storage of a sandbox: its request, and the detached mounts that it asks for.
struct Storage {
  const StartRequest& request;
  const int* binds;
  const int* volumes;
  // -1: none.
  int workspace;
  // The root of the new mount namespace, which is the calling process's, and the /proc in it.
  int root;
  int proc;
  // The file system of /run/sandpiper and the output file in it, if they were made before; -1: not.
  int own;
  int output;
};

// Makes the directory and attaches a detached mount to it.
Status AttachDirectory(int root, const char* target, const UniqueFd& tree);

// Attaches all of it, outer targets before those in them; files last, those of /run/sandpiper in a
// file system of their own. EINVAL for what would hide, or lie in, what is not the step's: removing
// a mount point in a directory that another sandbox has too would unmount it (unlink(2) of a mount
// point in another mount namespace).
Status AttachStorage(const Storage& storage);

}  // namespace sandpiper
