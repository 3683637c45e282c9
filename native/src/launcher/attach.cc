#include "attach.h"

#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstring>

#include "own_files.h"
#include "rootfs.h"
#include "sys.h"
#include "tmpfs.h"

namespace sandpiper {
namespace {

constexpr const char* kKernels[] = {"/proc", "/sys", "/dev"};
constexpr const char* kShm = "/dev/shm";

// Names in a path.
int DepthOf(const char* path) {
  int depth = 0;
  for (; *path != '\0'; path++) depth += (path[0] == '/' && path[1] != '/' && path[1] != '\0');
  return depth;
}

// Whether `path` is `directory` or below it. Neither ends with a slash.
bool IsWithin(const char* path, const char* directory) {
  const size_t size = std::strlen(directory);
  return std::strncmp(path, directory, size) == 0 && (path[size] == '\0' || path[size] == '/');
}

// Where a descriptor leads, by the names that it has in the sandbox.
struct Location {
  char path[PATH_MAX] = {};

  Status Find(int proc, int fd, const char* object) {
    char link[32];
    (void)std::snprintf(link, sizeof(link), "self/fd/%d", fd);
    const ssize_t size = readlinkat(proc, link, path, sizeof(path) - 1);
    if (size < 0) return LastFailure("readlink", object);
    path[size] = '\0';
    return {};
  }
  [[nodiscard]] bool Within(const char* directory) const { return IsWithin(path, directory); }
  [[nodiscard]] bool Around(const char* directory) const {
    return std::strcmp(path, "/") == 0 || IsWithin(directory, path);
  }
};

Result<bool> IsDirectory(int tree, const char* object) {
  struct stat info {};
  if (fstat(tree, &info) < 0) return LastFailure("fstat", object);
  return S_ISDIR(info.st_mode);
}

class Attacher {
 public:
  explicit Attacher(const Storage& storage) : s_(storage) {}

  Status Run() {
    const bool has_own = HasOwnFiles();
    if (has_own) {
      const UniqueFd own = TRY(EnsureDirectory(s_.root, kOwnDirectory));
      TRY(own_.Find(s_.proc, own.get(), kOwnDirectory));
    }
    const int deepest = Deepest();
    for (int depth = 0; depth <= deepest; depth++) TRY(AttachAt(depth));
    if (has_own) TRY(MountOwn());
    for (size_t i = 0; i < s_.request.binds.size(); i++) {
      const char* target = s_.request.binds[i].target;
      if (!TRY(IsDirectory(s_.binds[i], target))) TRY(AttachFile(target, s_.binds[i]));
    }
    // The files in it are mounts of their own.
    if (has_own) return sys::SetMountAttributes(own_files_, 0, MOUNT_ATTR_RDONLY, kOwnDirectory);
    return {};
  }

 private:
  [[nodiscard]] bool HasOwnFiles() const {
    if (s_.own >= 0) return true;
    for (const BindRequest& bind : s_.request.binds) {
      if (IsWithin(bind.target, kOwnDirectory)) return true;
    }
    return false;
  }

  [[nodiscard]] int Deepest() const {
    int deepest = DepthOf(s_.request.workspace_target);
    const auto add = [&](const char* target) {
      const int depth = DepthOf(target);
      if (depth > deepest) deepest = depth;
    };
    for (const VolumeRequest& volume : s_.request.volumes) add(volume.target);
    for (const BindRequest& bind : s_.request.binds) add(bind.target);
    for (const TmpfsRequest& tmpfs : s_.request.tmpfs) add(tmpfs.name);
    return deepest;
  }

  Status AttachAt(int depth) {
    const StartRequest& request = s_.request;
    if (s_.workspace >= 0 && DepthOf(request.workspace_target) == depth) {
      TRY(Attach(request.workspace_target, s_.workspace, true));
    }
    for (size_t i = 0; i < request.volumes.size(); i++) {
      const char* target = request.volumes[i].target;
      if (DepthOf(target) == depth) TRY(Attach(target, s_.volumes[i], true));
    }
    for (size_t i = 0; i < request.binds.size(); i++) {
      const char* target = request.binds[i].target;
      if (DepthOf(target) != depth || !TRY(IsDirectory(s_.binds[i], target))) continue;
      TRY(Attach(target, s_.binds[i], true));
    }
    for (const TmpfsRequest& tmpfs : request.tmpfs) {
      if (DepthOf(tmpfs.name) == depth) TRY(AttachTmpfs(tmpfs));
    }
    return {};
  }

  // `shared`: other sandboxes may have it too.
  Status Attach(const char* target, int tree, bool shared) {
    const UniqueFd directory = TRY(EnsureDirectory(s_.root, target));
    TRY(CheckPlace(directory.get(), target, shared));
    return sys::AttachTree(tree, directory.get(), target);
  }

  Status AttachTmpfs(const TmpfsRequest& tmpfs) {
    const UniqueFd tree = TRY(MountTmpfs({tmpfs.name, tmpfs.bytes, tmpfs.inodes, nullptr}));
    return Attach(tmpfs.name, tree.get(), false);
  }

  Status CheckPlace(int fd, const char* target, bool shared) {
    const Failure refused{EINVAL, "mount over a reserved place", target};
    Location place;
    TRY(place.Find(s_.proc, fd, target));
    for (const char* kernels : kKernels) {
      if (place.Around(kernels)) return refused;
      if (place.Within(kernels) && !place.Within(kShm)) return refused;
    }
    for (const char* own : {kOwnDirectory, static_cast<const char*>(own_.path)}) {
      if (*own == '\0') continue;
      if (place.Within(own) || (shared && place.Around(own))) return refused;
    }
    return {};
  }

  // Anew, and only where it was: what was attached may have changed where links lead.
  Status MountOwn() {
    const UniqueFd directory = TRY(EnsureDirectory(s_.root, kOwnDirectory));
    Location place;
    TRY(place.Find(s_.proc, directory.get(), kOwnDirectory));
    if (std::strcmp(place.path, own_.path) != 0) {
      return Failure{EINVAL, "mount over a reserved place", kOwnDirectory};
    }
    if (s_.own < 0) made_ = TRY(MakeOwnFiles(""));
    own_files_ = s_.own < 0 ? made_.tree.get() : s_.own;
    TRY(sys::AttachTree(own_files_, directory.get(), kOwnDirectory));
    if (s_.output < 0) return {};
    return AttachOutputFile(s_.output, s_.request.output_file);
  }

  Status AttachFile(const char* target, int tree) {
    const UniqueFd file = TRY(EnsureFile(s_.root, target));
    return sys::AttachTree(tree, file.get(), target);
  }

  const Storage& s_;
  // Where /run/sandpiper is; empty when there is none.
  Location own_;
  // Its file system, and that if it was made here.
  int own_files_ = -1;
  OwnFiles made_;
};

}  // namespace

Status AttachDirectory(int root, const char* target, const UniqueFd& tree) {
  const UniqueFd directory = TRY(EnsureDirectory(root, target));
  return sys::AttachTree(tree.get(), directory.get(), target);
}

Status AttachStorage(const Storage& storage) { return Attacher(storage).Run(); }

}  // namespace sandpiper
