#pragma once

#include "request.h"
#include "result.h"

namespace sandpiper {

// Turns the calling process, root of a sandbox with its privileges dropped, into that user. One
// that is not root has no capability left and can get none. Until it executes a program nobody
// inside can trace it. Allocates nothing.
Status BecomeUser(const UserRequest& user);

}  // namespace sandpiper
