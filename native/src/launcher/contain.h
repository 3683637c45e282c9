#pragma once

#include <string>

#include "cgroup.h"
#include "request.h"
#include "stage.h"
#include "world.h"

namespace sandpiper {

// All that a new sandbox's init needs, prepared before the fork so that it allocates nothing.
struct Containment {
  const World& world;
  const Stage& stage;
  // What of a request is known before the program is: see IsAlike in sandbox.h.
  const StartRequest& shape;
  Cgroups cgroups;
  // Overlay option for the root's layers.
  const std::string& root_lowers;
  const std::string& seccomp_filter;
  // Of the stage, when the sandbox has none of its own.
  int network;
  // Of the writable layer, when its file system is there already, or -1.
  int blank;
  // The init's end of its conversation with the launcher: the order comes in, reports go out.
  int channel;
};

// Flags of the clone3(2) that makes a sandbox's init.
extern const uint64_t kInitCloneFlags;

// The life of a sandbox's init, in order. Runs in the new process and never returns.
[[noreturn]] void Contain(const Containment& containment);

}  // namespace sandpiper
