#pragma once

#include <sys/stat.h>

#include <string>

#include "result.h"

namespace sandpiper {

// Where a path leads.
struct Resolved {
  // Without links, as CleanPath has it.
  std::string path;
  // What is there; zeros when nothing is.
  struct stat info {};
  bool exists = false;
  // The part of the path that is there, "" for the root.
  std::string existing;
};

// Follows a path below `root` with all its links as a process does whose root that is, the last
// name too. Nothing is opened that is not beneath it, whatever becomes of the links meanwhile.
Result<Resolved> Resolve(int root, const std::string& path);

}  // namespace sandpiper
