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

}  // namespace

Result<UniqueFd> LockFile(const std::string& path) {
  while (true) {
    UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.valid()) return LastFailure("open", "lock file");
    if (flock(file.get(), LOCK_EX | LOCK_NB) < 0) return LastFailure("flock", "lock file");
    if (IsStillNamed(file, path)) return file;
  }
}

}  // namespace sandpiper
