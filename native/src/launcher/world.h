#pragma once

#include "result.h"
#include "unique_fd.h"

namespace sandpiper {

// The launcher's own view of the machine, in a mount namespace of its own: a small tmpfs as the
// root with the host's tree at /host, the host's /proc, and /stages. Nothing mounted here is ever
// seen by the host, and all of it is gone with the launcher, however it ends.
struct World {
  // The root of the host's tree; host paths are opened below it.
  UniqueFd host;
  UniqueFd stages;
  // A mount namespace that has nothing but an empty read-only directory. Sandboxes' mount
  // namespaces are copies of it: cheaper than copying the host's mounts, and none of those is ever
  // in there.
  UniqueFd blank;
  // A mount namespace that shows the host's tree as it is, for programs of the host's; it has a
  // /dev/net/tun that anybody may open.
  UniqueFd tools;
  // The launcher is root of a user namespace only, as it is when an ordinary user runs it. Layers
  // are shown as they are then: on disk they belong to the ids of the stages already.
  bool nested = false;
  // Whether overlayfs takes a mount that is attached nowhere for its writable layer: newer kernels
  // do.
  bool takes_detached_layers = false;
  // The launcher's own uts namespace.
  UniqueFd own_uts;
  // Of the launcher itself, by which a sandbox's init sees that the launcher has ended.
  UniqueFd self;
};

// Moves the calling process there.
Result<World> EnterWorld();

// Lets the calling process, a child of the launcher's, be killed when that ends. To be called after
// its last change of ids, which would undo it (PR_SET_PDEATHSIG(2const)). `who` is for failures.
Status DieWithLauncher(const World& world, const char* who);

}  // namespace sandpiper
