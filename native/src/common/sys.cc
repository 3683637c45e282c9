#include "sys.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

namespace sandpiper::sys {
namespace {

template <typename Call>
auto Retry(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

Result<UniqueFd> Own(long fd, const char* call, const char* object) {
  if (fd < 0) return LastFailure(call, object);
  return UniqueFd(static_cast<int>(fd));
}

Status Done(long result, const char* call, const char* object) {
  if (result < 0) return LastFailure(call, object);
  return {};
}

}  // namespace

Result<UniqueFd> Open(int dir, const char* path, int flags, uint64_t resolve, const char* object,
                      mode_t mode) {
  open_how how{};
  how.flags = static_cast<uint64_t>(static_cast<unsigned>(flags) | O_CLOEXEC);
  how.mode = mode;
  how.resolve = resolve;
  // EAGAIN: a rename elsewhere raced with the walk, and the kernel could not rule out an escape.
  long fd = -1;
  for (int attempt = 0; attempt < 64; attempt++) {
    fd = Retry([&] { return syscall(SYS_openat2, dir, path, &how, sizeof(how)); });
    if (fd >= 0 || errno != EAGAIN) break;
  }
  return Own(fd, "openat2", object == nullptr ? path : object);
}

Result<UniqueFd> OpenKernelFile(int dir, const char* path, int flags) {
  return Own(Retry([&] { return openat(dir, path, flags | O_CLOEXEC | O_NOFOLLOW); }), "open",
             path);
}

Result<UniqueFd> FollowKernelLink(int dir, const char* path, int flags) {
  return Own(Retry([&] { return openat(dir, path, flags | O_CLOEXEC); }), "open", path);
}

Status MakeDirectory(int dir, const char* path, mode_t mode, const char* object) {
  return Done(mkdirat(dir, path, mode), "mkdir", object == nullptr ? path : object);
}

Status ChangeOwner(int fd, uid_t uid, gid_t gid, const char* object) {
  return Done(fchownat(fd, "", uid, gid, AT_EMPTY_PATH), "chown", object);
}

Status Write(int fd, const void* data, size_t size, const char* object) {
  const ssize_t written = Retry([&] { return write(fd, data, size); });
  if (written >= 0 && static_cast<size_t>(written) != size) return Failure{EIO, "write", object};
  return Done(written, "write", object);
}

Status SetNamespace(int fd, int type, const char* object) {
  return Done(setns(fd, type), "setns", object);
}

Status Unshare(int flags, const char* object) { return Done(unshare(flags), "unshare", object); }

Result<UniqueFd> PidFd(pid_t pid) {
  return Own(syscall(SYS_pidfd_open, pid, 0), "pidfd_open", "child");
}

Status CloseAllBut(std::initializer_list<int> kept) {
  unsigned from = 0;
  while (true) {
    // The smallest that is kept and not passed yet.
    unsigned next = ~0U;
    for (const int fd : kept) {
      const auto number = static_cast<unsigned>(fd);
      if (number >= from && number < next) next = number;
    }
    if (next > from) TRY(Done(close_range(from, next - 1, 0), "close_range", "descriptors"));
    if (next == ~0U) return {};
    from = next + 1;
  }
}

Result<UniqueFd> CloneTree(int dir, const char* path, unsigned flags, const char* object) {
  return Own(open_tree(dir, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags), "open_tree",
             object);
}

Status SetMountAttributes(int tree, unsigned flags, uint64_t set, const char* object) {
  mount_attr attributes{};
  attributes.attr_set = set;
  // What the host mounts below the source later must not come in, without these attributes.
  attributes.propagation = MS_PRIVATE;
  return Done(mount_setattr(tree, "", AT_EMPTY_PATH | flags, &attributes, sizeof(attributes)),
              "mount_setattr", object);
}

Status MapMountIds(int tree, unsigned flags, int user_namespace, const char* object) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<uint64_t>(user_namespace);
  return Done(mount_setattr(tree, "", AT_EMPTY_PATH | flags, &attributes, sizeof(attributes)),
              "mount_setattr idmap", object);
}

Status AttachTree(int tree, int target, const char* object) {
  return Done(move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH),
              "move_mount", object);
}

Status AttachTreeAt(int tree, int dir, const char* path, const char* object) {
  return Done(move_mount(tree, "", dir, path, MOVE_MOUNT_F_EMPTY_PATH), "move_mount", object);
}

Result<UniqueFd> OpenFileSystem(const char* type) {
  return Own(fsopen(type, FSOPEN_CLOEXEC), "fsopen", type);
}

Status SetOption(int file_system, const char* key, const char* value) {
  return Done(fsconfig(file_system, FSCONFIG_SET_STRING, key, value, 0), "fsconfig", key);
}

Status SetFlag(int file_system, const char* key) {
  return Done(fsconfig(file_system, FSCONFIG_SET_FLAG, key, nullptr, 0), "fsconfig", key);
}

Result<UniqueFd> MountFileSystem(int file_system, unsigned attributes, const char* call,
                                 const char* object) {
  TRY(Done(fsconfig(file_system, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0), call, object));
  return Own(fsmount(file_system, FSMOUNT_CLOEXEC, attributes), "fsmount", object);
}

Result<UniqueFd> NewMount(const char* type, unsigned attributes) {
  const UniqueFd file_system = TRY(OpenFileSystem(type));
  return MountFileSystem(file_system.get(), attributes, "mount", type);
}

Status PivotTo(int root) {
  TRY(Done(fchdir(root), "fchdir", "new root"));
  TRY(Done(syscall(SYS_pivot_root, ".", "."), "pivot_root", "new root"));
  TRY(Done(umount2(".", MNT_DETACH), "umount2", "old root"));
  return Done(chdir("/"), "chdir", "/");
}

uint64_t MonotonicNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace sandpiper::sys
