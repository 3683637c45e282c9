#pragma once

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

}  // namespace sandpiper
