#pragma once

#include "attributes.h"
#include "packer.h"
#include "result.h"

namespace sandpiper {

// START:COUNT
Result<IdRange> ParseIds(const char* text);
// UID:GID
Result<Owner> ParseOwner(const char* text);

// The exit code for how a command ended; a failure is told to `errors`.
int Tell(const Status& status, int errors);
// The same for a command line that is none.
int TellUsage(const Failure& failure);

}  // namespace sandpiper
