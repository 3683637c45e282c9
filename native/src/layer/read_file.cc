#include "read_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "directory.h"
#include "problem.h"
#include "resolve.h"

namespace sandpiper {

Result<std::string> ReadFile(int root, const std::string& path, uint64_t bytes_max) {
  const Resolved found = TRY(Resolve(root, path));
  if (!found.exists) return About({ENOENT, "open", ""}, path);
  if (!S_ISREG(found.info.st_mode)) return Refused("is no file", path);
  const UniqueFd file = TRY(OpenBeneath(root, found.path, O_RDONLY | O_NONBLOCK));
  std::string text;
  char buffer[16384];
  while (true) {
    const ssize_t got = read(file.get(), buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FailedOn("read", path);
    if (got == 0) return text;
    text.append(buffer, static_cast<size_t>(got));
    if (text.size() > bytes_max) return Refused("is too large", path);
  }
}

}  // namespace sandpiper
