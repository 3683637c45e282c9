#pragma once

#include <string>
#include <vector>

#include "result.h"
#include "unique_fd.h"

namespace sandpiper {

// Longest path, as PATH_MAX has it without its end.
inline constexpr size_t kPathMax = 4095;

// `directory` is "" or a path.
std::string Join(const std::string& directory, const std::string& name);

// Opens what is at a path below `root`, "" for that itself, without following any link.
Result<UniqueFd> OpenBeneath(int root, const std::string& path, int flags);

// The names in an open directory, in the order of their bytes, without `.` and `..`.
Result<std::vector<std::string>> ReadNames(int directory, const std::string& path);

}  // namespace sandpiper
