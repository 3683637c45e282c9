#pragma once

#include "result.h"
#include "unique_fd.h"

namespace sandpiper {

// Makes a network namespace for the calling process and brings its loopback interface up. Anybody
// may listen on low ports and ask for echoes there.
Status NewNetwork();

// The same for the one that the calling process has made and is in, when its user namespace has
// its maps.
Status OpenNetwork();

// The same in a namespace that belongs to `user_namespace`, which nothing is in yet.
Result<UniqueFd> MakeNetworkIn(int user_namespace);

// The same as NewNetwork, but the namespace belongs to `user_namespace`, which the calling process
// stays out of. Allocates nothing.
Status NewNetworkOf(int user_namespace);

}  // namespace sandpiper
