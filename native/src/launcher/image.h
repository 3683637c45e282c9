#pragma once

#include "result.h"
#include "unique_fd.h"

namespace sandpiper {

struct ImagePlan {
  // The root of the host's tree.
  int host;
  // Host path of a file with an empty ext4 file system, as mke2fs makes it: mostly holes.
  const char* pattern;
  // Host path of a directory on the file system that is to hold the image.
  const char* directory;
};

// Copies the image to a file without a name, and mounts that through a loop device. File, device
// and file system go with the mount, whatever ends it. EAGAIN when other programs take every loop
// device before it. Allocates nothing.
Result<UniqueFd> MountImage(const ImagePlan& plan);

// Ends a file system that MountImage made without writing out what is still in memory (ext4's
// shutdown). Nothing happens to any other file system.
void DiscardImage(int tree);

}  // namespace sandpiper
