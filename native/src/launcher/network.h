#pragma once

#include "result.h"

namespace sandpiper {

// Makes a network namespace for the calling process and brings its loopback interface up. Anybody
// may listen on low ports there.
Status NewNetwork();

// The same, but the namespace belongs to `user_namespace`, which the calling process stays out of.
// Allocates nothing.
Status NewNetworkOf(int user_namespace);

}  // namespace sandpiper
