#pragma once

#include "program.h"
#include "request.h"
#include "result.h"

namespace sandpiper {

// Blocks every signal, as an init has them; to be called before there is a waiting program.
Status BlockSignals();

// Pid 1 of a sandbox: starts the waiting program, reaps whatever is left to it, and when the
// program has ended reports how and ends too, upon which the kernel kills everything else in the
// pid namespace (pid_namespaces(7)). Keeps no descriptor but `reports`.
[[noreturn]] void RunInit(const StartRequest& request, const Outputs& outputs, int reports);

}  // namespace sandpiper
