#pragma once

#include "result.h"

namespace sandpiper {

// Makes a network namespace for the calling process and brings its loopback interface up.
Status NewNetwork();

}  // namespace sandpiper
