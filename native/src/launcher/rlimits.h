#pragma once

#include <vector>

#include "request.h"
#include "result.h"

namespace sandpiper {

// Sets the limits. One that is above what the launcher itself may have is cut to that: a limit is
// never looser than asked for, and without CAP_SYS_RESOURCE it can't be looser than inherited.
Status SetRlimits(const List<RlimitRequest>& limits);

}  // namespace sandpiper
