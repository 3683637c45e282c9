#include "own_files.h"

#include <sys/mount.h>

#include <cstring>

#include "sys.h"
#include "tmpfs.h"

namespace sandpiper {
namespace {

// The runner reads 64 KiB of the output file; a program that writes far too much is told so.
constexpr const char* kBytes = "1048576";
// Those that are mounted there need a file each to be mounted on.
constexpr const char* kInodes = "64";
constexpr size_t kReadBytesMax = size_t{64} * 1024 + 1;

// Open for reading only: a file system that has a writer can't be made read-only.
Result<UniqueFd> MakeOutputFile(int tree, const char* path) {
  const char* slash = std::strrchr(path, '/');
  const char* name = slash == nullptr ? path : slash + 1;
  return sys::Open(tree, name, O_RDONLY | O_CREAT | O_EXCL, sys::kBeneath, path, 0666);
}

}  // namespace

Result<OwnFiles> MakeOwnFiles(const char* output_path) {
  OwnFiles own;
  own.tree = TRY(MountTmpfs({kOwnDirectory, kBytes, kInodes, nullptr, MOUNT_ATTR_NOEXEC}));
  if (*output_path != '\0') own.output = TRY(MakeOutputFile(own.tree.get(), output_path));
  return own;
}

Status AttachOutputFile(int output, const char* output_path) {
  const UniqueFd tree = TRY(sys::CloneTree(output, "", AT_EMPTY_PATH, output_path));
  return sys::AttachTree(tree.get(), output, output_path);
}

Result<std::string> ReadOutputFile(int output) {
  static char buffer[kReadBytesMax];
  size_t size = 0;
  while (size < sizeof(buffer)) {
    const ssize_t got =
        pread(output, buffer + size, sizeof(buffer) - size, static_cast<off_t>(size));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return LastFailure("pread", "output file");
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  return std::string(buffer, size);
}

}  // namespace sandpiper
