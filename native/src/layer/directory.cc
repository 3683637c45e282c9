#include "directory.h"

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "problem.h"
#include "sys.h"

namespace sandpiper {
namespace {

constexpr size_t kBufferBytes = size_t{64} * 1024;

}  // namespace

std::string Join(const std::string& directory, const std::string& name) {
  return directory.empty() || name.empty() ? directory + name : directory + '/' + name;
}

Result<UniqueFd> OpenBeneath(int root, const std::string& path, int flags) {
  if (path.size() > kPathMax) return Refused("has too long a path", path);
  const char* name = path.empty() ? "." : path.c_str();
  Result<UniqueFd> file = sys::Open(root, name, flags | O_NOFOLLOW, sys::kBeneath);
  if (!file.ok()) return About(file.failure(), path);
  return file;
}

Result<std::vector<std::string>> ReadNames(int directory, const std::string& path) {
  alignas(dirent64) static char buffer[kBufferBytes];
  std::vector<std::string> names;
  while (true) {
    const long size = syscall(SYS_getdents64, directory, buffer, sizeof(buffer));
    if (size < 0) return FailedOn("getdents64", path);
    if (size == 0) break;
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      const char* name = entry->d_name;
      if (std::strcmp(name, ".") != 0 && std::strcmp(name, "..") != 0) names.emplace_back(name);
      at += entry->d_reclen;
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace sandpiper
