#include "lock_file.h"

#include <fcntl.h>
#include <sys/file.h>

namespace sandpiper {

Result<UniqueFd> LockFile(const std::string& path) {
  UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return LastFailure("open", "lock file");
  if (flock(file.get(), LOCK_EX | LOCK_NB) < 0) return LastFailure("flock", "lock file");
  return file;
}

}  // namespace sandpiper
