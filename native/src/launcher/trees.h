#pragma once

#include "order.h"
#include "request.h"
#include "result.h"
#include "stage.h"
#include "unique_fd.h"
#include "world.h"

namespace sandpiper {

// Opens what a start request asks to have mounted of the host's and of the stage's, as detached
// mounts in the order of OrderFds, after the output that is in there. It needs the launcher's view
// and rights.
Status OpenTrees(const World& world, const Stage& stage, const StartRequest& request,
                 OrderFds* fds);

// A detached copy of what hangs below the stage's directory under that name.
Result<UniqueFd> OpenStageTree(const Stage& stage, const char* name, uint64_t attributes);

}  // namespace sandpiper
