#pragma once

namespace sandpiper {

// Tries each kernel feature a sandbox needs in a child of its own and prints one line each:
// "NAME ERRNO CALL OBJECT", tab-separated, ERRNO 0 when it works. Returns 0.
int RunProbes();

}  // namespace sandpiper
