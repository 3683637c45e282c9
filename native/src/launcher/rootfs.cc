#include "rootfs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstring>

#include "sys.h"

namespace sandpiper {
namespace {

// A path cut into its directory and its last name, without allocating.
class SplitPath {
 public:
  // False when it is too long to be a path.
  bool Parse(const char* path) {
    const size_t size = std::strlen(path);
    if (size >= sizeof(text_)) return false;
    std::memcpy(text_, path, size + 1);
    char* end = text_ + size;
    while (end > text_ + 1 && end[-1] == '/') *--end = '\0';
    char* slash = std::strrchr(text_, '/');
    if (slash == nullptr) {
      name_ = text_;
      return true;
    }
    *slash = '\0';
    parent_ = slash == text_ ? "/" : text_;
    name_ = slash + 1;
    return true;
  }
  [[nodiscard]] const char* parent() const { return parent_; }
  [[nodiscard]] const char* name() const { return name_; }

 private:
  char text_[PATH_MAX];
  const char* parent_ = "/";
  const char* name_ = "";
};

Result<UniqueFd> OpenDirectory(int root, const char* path) {
  return sys::Open(root, path, O_PATH | O_DIRECTORY, sys::kInRoot);
}

// Makes the first `size` bytes of `path` a directory, unless it is one.
Status MakePrefix(int root, char* path, size_t size) {
  const char saved = path[size];
  path[size] = '\0';
  SplitPath split;
  split.Parse(path);
  Result<UniqueFd> parent = OpenDirectory(root, split.parent());
  int error = 0;
  if (!parent.ok()) {
    error = parent.failure().error;
  } else if (mkdirat(parent.Take().get(), split.name(), 0755) < 0 && errno != EEXIST) {
    error = errno;
  }
  path[size] = saved;
  if (error != 0) return Failure{error, "mkdir", path};
  return {};
}

Status MakeAll(int root, const char* path) {
  char copy[PATH_MAX];
  const size_t size = std::strlen(path);
  if (size >= sizeof(copy)) return Failure{ENAMETOOLONG, "mkdir", path};
  std::memcpy(copy, path, size + 1);
  for (size_t i = 1; i <= size; i++) {
    const bool ends_name = (copy[i] == '/' || copy[i] == '\0') && copy[i - 1] != '/';
    if (!ends_name) continue;
    const Status made = MakePrefix(root, copy, i);
    if (!made.ok()) return Failure{made.failure().error, "mkdir", path};
  }
  return {};
}

Status MakeFile(int parent, const char* name, const char* path) {
  struct stat info {};
  const bool found = fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
  if (!found && errno != ENOENT) return LastFailure("fstat", path);
  const bool dangling = found && S_ISLNK(info.st_mode);
  if (dangling && unlinkat(parent, name, 0) < 0) return LastFailure("unlink", path);
  const int fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd < 0) return LastFailure("create", path);
  close(fd);
  return {};
}

}  // namespace

Status EnterRoot(int tree) {
  const UniqueFd old_root = TRY(sys::Open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0));
  TRY(sys::AttachTree(tree, old_root.get(), "root"));
  return sys::PivotTo(tree);
}

Result<UniqueFd> EnsureDirectory(int root, const char* path) {
  Result<UniqueFd> found = OpenDirectory(root, path);
  if (found.ok() || found.failure().error != ENOENT) return found;
  TRY(MakeAll(root, path));
  return OpenDirectory(root, path);
}

Result<UniqueFd> EnsureFile(int root, const char* path) {
  Result<UniqueFd> found = sys::Open(root, path, O_PATH, sys::kInRoot);
  if (found.ok() || found.failure().error != ENOENT) return found;
  SplitPath split;
  if (!split.Parse(path)) return Failure{ENAMETOOLONG, "create", path};
  Result<UniqueFd> parent = EnsureDirectory(root, split.parent());
  if (!parent.ok()) return Failure{parent.failure().error, "mkdir", path};
  TRY(MakeFile(parent.Take().get(), split.name(), path));
  return sys::Open(root, path, O_PATH, sys::kInRoot);
}

}  // namespace sandpiper
