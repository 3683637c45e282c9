#include "lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace sandpiper {
namespace {

// A holder may remove the file before it lets go: who opened it before that then has the lock on a
// file without a name.
bool IsStillNamed(const UniqueFd& file, const std::string& path) {
  struct stat held {};
  struct stat named {};
  if (fstat(file.get(), &held) < 0 || stat(path.c_str(), &named) < 0) return false;
  return held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

Result<UniqueFd> Lock(const std::string& path, int flags) {
  while (true) {
    UniqueFd file(open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.valid()) return LastFailure("open", "lock file");
    if (flock(file.get(), LOCK_EX | LOCK_NB) < 0) return LastFailure("flock", "lock file");
    if (IsStillNamed(file, path)) return file;
  }
}

}  // namespace

Result<UniqueFd> LockFile(const std::string& path) { return Lock(path, O_RDWR | O_CREAT); }

Result<UniqueFd> LockDirectory(const std::string& path) {
  return Lock(path, O_RDONLY | O_DIRECTORY);
}

}  // namespace sandpiper
