#pragma once

#include <cstdint>

#include "request.h"
#include "result.h"
#include "unique_fd.h"

namespace sandpiper {

// What overlayfs is to be made of. Strings are prepared before the fork.
struct OverlayPlan {
  // Names below the stage's directory, topmost first, joined by ':'.
  const char* lowers;
  const WritableRequest& writable;
  // The stage's directory; the names of `lowers` are relative to it.
  int directory;
  // Host id that is to own the upper directory: the stage's root.
  uint32_t owner;
  // Whether this runs in a child that goes on to a mount namespace of its own anyway.
  bool in_child;
  // Whether this kernel takes a mount that is attached nowhere for a writable layer.
  bool takes_detached;
  // Descriptor of a file system that was made for the layer ahead, MountOverlay's from then on; -1:
  // it makes one.
  int blank;
};

struct Overlay {
  // Both detached.
  UniqueFd tree;
  // The file system that its writable layer is on, when it has one of its own.
  UniqueFd layer;
};

// Mounts it. Allocates nothing. Leaves the calling process in the
// stage's directory, and a child perhaps in a copy of the launcher's mount namespace.
Result<Overlay> MountOverlay(const OverlayPlan& plan);

}  // namespace sandpiper
