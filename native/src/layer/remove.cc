#include "remove.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "directory.h"
#include "problem.h"

namespace sandpiper {
namespace {

// Takes away all but directories, whose paths are put on the list.
Status RemoveFiles(int top, const std::string& inside, std::vector<std::string>* directories,
                   const std::string& path) {
  const UniqueFd directory = TRY(OpenBeneath(top, inside, O_RDONLY | O_DIRECTORY));
  for (const std::string& name : TRY(ReadNames(directory.get(), path))) {
    if (unlinkat(directory.get(), name.c_str(), 0) == 0) continue;
    if (errno != EISDIR) return FailedOn("unlinkat", path);
    directories->push_back(Join(inside, name));
  }
  return {};
}

}  // namespace

Status RemoveTree(int directory, const std::string& name, const std::string& path) {
  if (unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR) return FailedOn("unlinkat", path);
  // Each comes after the one that it is in.
  std::vector<std::string> directories = {name};
  for (size_t i = 0; i < directories.size(); i++) {
    const std::string inside = directories[i];
    TRY(RemoveFiles(directory, inside, &directories, path));
  }
  for (auto at = directories.rbegin(); at != directories.rend(); ++at) {
    if (unlinkat(directory, at->c_str(), AT_REMOVEDIR) < 0) return FailedOn("unlinkat", path);
  }
  return {};
}

}  // namespace sandpiper
