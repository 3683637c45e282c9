#pragma once

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "result.h"
#include "unique_fd.h"

// Thin wrappers of system calls: they retry EINTR, own what they return and name what failed. None
// allocates. `object` is what the message shows, by default the path; it must live as long as the
// failure does.
namespace sandpiper::sys {

// openat2(2). With kInRoot no link of any kind can lead out of `dir`; with kBeneath no link is
// followed at all.
inline constexpr uint64_t kInRoot = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
inline constexpr uint64_t kBeneath = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS;
Result<UniqueFd> Open(int dir, const char* path, int flags, uint64_t resolve,
                      const char* object = nullptr, mode_t mode = 0);

// open(2), for the kernel's own files (/proc, cgroup): close-on-exec, no following of links.
Result<UniqueFd> OpenKernelFile(int dir, const char* path, int flags);
// The same, following links: those of /proc/PID/ns are such.
Result<UniqueFd> FollowKernelLink(int dir, const char* path, int flags);

Status MakeDirectory(int dir, const char* path, mode_t mode, const char* object = nullptr);
Status ChangeOwner(int fd, uid_t uid, gid_t gid, const char* object);
Status Write(int fd, const void* data, size_t size, const char* object);
Status SetNamespace(int fd, int type, const char* object);
Status Unshare(int flags, const char* object);
Result<UniqueFd> PidFd(pid_t pid);
// close_range(2) of every descriptor but these.
Status CloseAllBut(std::initializer_list<int> kept);

// open_tree(2) with OPEN_TREE_CLONE: a detached copy of the mount at `path`.
Result<UniqueFd> CloneTree(int dir, const char* path, unsigned flags, const char* object);
Status SetMountAttributes(int tree, unsigned flags, uint64_t set, const char* object);
// mount_setattr(2) with MOUNT_ATTR_IDMAP: the tree's ids as `user_namespace` maps them.
Status MapMountIds(int tree, unsigned flags, int user_namespace, const char* object);
// move_mount(2) of a detached tree onto what `target` is open on.
Status AttachTree(int tree, int target, const char* object);
// The same, onto `path` below `dir`. Only the last name is not followed when it is a link: for file
// systems of the kernel's own, where nobody can have put another one on the way.
Status AttachTreeAt(int tree, int dir, const char* path, const char* object);

// fsopen(2), fsconfig(2), fsmount(2).
Result<UniqueFd> OpenFileSystem(const char* type);
Status SetOption(int file_system, const char* key, const char* value);
Status SetFlag(int file_system, const char* key);
// `call` is what a failure to make the superblock is called, e.g. "mount overlay".
Result<UniqueFd> MountFileSystem(int file_system, unsigned attributes, const char* call,
                                 const char* object);

// A new detached instance of a file system that takes no options.
Result<UniqueFd> NewMount(const char* type, unsigned attributes);

// pivot_root(".", ".") onto `root`, the old root detached (pivot_root(2), "pivot_root(".", ".")").
Status PivotTo(int root);

uint64_t MonotonicNs();

}  // namespace sandpiper::sys
