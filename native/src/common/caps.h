#pragma once

#include <cstdint>

#include "result.h"

namespace sandpiper {

// Leaves the capabilities that package managers, tar and su need and drops all others for good:
// effective, permitted and bounding set are those few, inheritable and ambient are empty.
Status DropCapabilities();

// Drops from the bounding set what DropCapabilities drops: neither this process nor those that it
// makes from now on can bring it back by executing a program.
Status LimitCapabilities();

// Empties the bounding set: no program that is executed can bring a capability.
Status DropBoundingSet();

// Empties every other set.
Status DropAllCapabilities();

// A set of capabilities is a number with the bits of their numbers in linux/capability.h.
constexpr uint64_t CapabilityBit(unsigned capability) { return uint64_t{1} << capability; }

// Drops all but `kept` from the bounding set.
Status DropBoundingSetBut(uint64_t kept);

// Makes `kept` the effective and the permitted set, and empties the inheritable and ambient ones.
Status SetCapabilities(uint64_t kept);

}  // namespace sandpiper
