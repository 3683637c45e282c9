#include "xattrs.h"

#include <sys/xattr.h>

#include <cerrno>
#include <cstring>

namespace sandpiper {
namespace {

// XATTR_LIST_MAX and XATTR_SIZE_MAX of the kernel.
constexpr size_t kBytesMax = 65536;

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> ReadXattrs(const std::string& path) {
  std::vector<std::pair<std::string, std::string>> found;
  std::vector<char> names(kBytesMax);
  const ssize_t size = llistxattr(path.c_str(), names.data(), names.size());
  if (size < 0 && errno == EOPNOTSUPP) return found;
  if (size < 0) return LastFailure("llistxattr", "file");
  std::vector<char> value(kBytesMax);
  for (const char* name = names.data(); name < names.data() + size; name += std::strlen(name) + 1) {
    const ssize_t got = lgetxattr(path.c_str(), name, value.data(), value.size());
    // It may have gone meanwhile.
    if (got < 0 && errno == ENODATA) continue;
    if (got < 0) return LastFailure("lgetxattr", "file");
    found.emplace_back(name, std::string(value.data(), static_cast<size_t>(got)));
  }
  return found;
}

}  // namespace sandpiper
