#pragma once

#include <ctime>
#include <string>
#include <vector>

#include "ignore_list.h"
#include "result.h"

namespace sandpiper {

// A file or directory of a context that is to be copied.
struct Source {
  // Without links.
  std::string path;
  // Its last name, as it was asked for.
  std::string name;
  bool is_directory;
  timespec time;
};

// Finds what sources mean, in their order; those of a pattern in the order of their bytes. A name
// that is not there, or ignored, is refused; a pattern may match nothing, as long as anything is
// found at all. Links that sources are reached by are followed, never out of the context; patterns
// follow none.
Result<std::vector<Source>> FindSources(int context, const std::vector<std::string>& sources,
                                        const IgnoreList* ignored);

}  // namespace sandpiper
