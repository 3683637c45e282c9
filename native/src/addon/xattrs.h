#pragma once

#include <string>
#include <utility>
#include <vector>

#include "result.h"

namespace sandpiper {

// The extended attributes of a file, names and values; of a link those of its own. None where the
// file system has none.
Result<std::vector<std::pair<std::string, std::string>>> ReadXattrs(const std::string& path);

}  // namespace sandpiper
