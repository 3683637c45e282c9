#pragma once

#include <string>

#include "request.h"
#include "stage.h"
#include "world.h"

namespace sandpiper {

// All that a new sandbox's init needs, prepared before the fork so that it allocates nothing.
struct Containment {
  const World& world;
  const Stage& stage;
  const StartRequest& request;
  // Overlay option for the root's layers.
  const std::string& root_lowers;
  const std::string& seccomp_filter;
  // Trees of request.binds and request.volumes, one each: filled by the init.
  std::vector<UniqueFd>& bind_trees;
  std::vector<UniqueFd>& volume_trees;
  // Network namespace of the stage to enter, where the request wants none of its own.
  int network;
  // Write end of the sandbox's output, and of the pipe for reports.
  int output;
  int reports;
};

// Flags of the clone3(2) that makes a sandbox's init.
extern const uint64_t kInitCloneFlags;

// The life of a sandbox's init, in order. Runs in the new process and never returns.
[[noreturn]] void Contain(const Containment& containment);

}  // namespace sandpiper
