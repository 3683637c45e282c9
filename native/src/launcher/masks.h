#pragma once

#include "result.h"

namespace sandpiper {

// Hides or write-protects what in /proc and /sys tells about or changes the host: the lists that
// OCI runtimes have. All three are descriptors of attached mounts: targets are opened below them,
// never by path, so that nothing in the image can stand in for them. `empty` is a detached mount of
// an empty read-only directory and is used up.
Status MaskPaths(int proc, int sysfs, int dev, int empty);

}  // namespace sandpiper
