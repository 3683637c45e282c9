#pragma once

#include <string>

#include "result.h"

namespace sandpiper {

// Takes away what `name` is in an open directory, with all that is below it, without following
// links. `path` is for messages.
Status RemoveTree(int directory, const std::string& name, const std::string& path);

}  // namespace sandpiper
