#pragma once

#include <string>

#include "result.h"

namespace sandpiper {

// Loads a filter (an array of struct sock_filter) for good. Wants no_new_privs (seccomp(2)).
Status LoadSeccomp(const std::string& filter);

}  // namespace sandpiper
