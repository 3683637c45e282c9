#include "confine.h"

#include <linux/securebits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "caps.h"
#include "sys.h"

namespace sandpiper {
namespace {

constexpr unsigned kNamespaces =
    CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
constexpr unsigned kMountFlags =
    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW;
// Everything of securebits(7) that takes rights away, each locked.
constexpr unsigned kSecureBits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                                 SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

Status Check(long result, const char* call, const char* object) {
  if (result < 0) return LastFailure(call, object);
  return {};
}

// What the parent's process leaves behind must not count here.
Status ForgetParent() {
  umask(0);
  sigset_t none;
  sigemptyset(&none);
  (void)sigprocmask(SIG_SETMASK, &none, nullptr);
  // A reader that is gone is EPIPE.
  if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR) return LastFailure("signal", "SIGPIPE");
  TRY(Check(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "prctl PR_SET_PDEATHSIG", "parent"));
  return Check(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl PR_SET_DUMPABLE", "self");
}

// Alone, without what is mounted below; but such mounts can be locked together
// (mount_namespaces(7)).
Result<UniqueFd> CloneDirectory(const char* path) {
  const UniqueFd directory = TRY(sys::Open(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0));
  Result<UniqueFd> tree = sys::CloneTree(directory.get(), "", AT_EMPTY_PATH, path);
  if (tree.ok() || tree.failure().error != EINVAL) return tree;
  return sys::CloneTree(directory.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, path);
}

Result<uint64_t> MountOf(const char* path) {
  struct statx info {};
  if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, STATX_MNT_ID, &info) < 0) {
    return LastFailure("statx", path);
  }
  return info.stx_mnt_id;
}

// What is mounted on top of the root is not seen at `/`, but by `..` there.
Status CheckRoot() {
  const uint64_t root = TRY(MountOf("/"));
  if (TRY(MountOf("/..")) != root) return Failure{EBUSY, "umount2", "old root"};
  return {};
}

Status EnterRoot(const Confinement& c) {
  TRY(sys::Unshare(kNamespaces, "namespaces"));
  // Nothing that is mounted here is to be seen on the host.
  TRY(Check(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount private", "/"));
  const char* name = c.root == nullptr ? "empty root" : c.root;
  const UniqueFd tree = TRY(c.root == nullptr ? sys::NewMount("tmpfs", 0) : CloneDirectory(c.root));
  const uint64_t flags = kMountFlags | (c.read_only ? MOUNT_ATTR_RDONLY : 0U);
  TRY(sys::SetMountAttributes(tree.get(), AT_RECURSIVE, flags, name));
  const UniqueFd old_root = TRY(sys::Open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0));
  TRY(sys::AttachTree(tree.get(), old_root.get(), name));
  const Status pivoted = sys::PivotTo(tree.get());
  // The first root of all, of a system that runs from memory, can't be left (pivot_root(2),
  // EINVAL).
  if (pivoted.ok()) return CheckRoot();
  if (pivoted.failure().error != EINVAL) return pivoted;
  TRY(Check(fchdir(tree.get()), "fchdir", name));
  TRY(Check(chroot("."), "chroot", name));
  return Check(chdir("/"), "chdir", "/");
}

Status Limit(__rlimit_resource_t resource, rlim_t most) {
  const rlimit limit{most, most};
  return Check(setrlimit(resource, &limit), "setrlimit", "self");
}

Status SetLimits(const Confinement& c) {
  TRY(Limit(RLIMIT_CORE, 0));
  TRY(Limit(RLIMIT_NPROC, 0));
  TRY(Limit(RLIMIT_MEMLOCK, 0));
  TRY(Limit(RLIMIT_MSGQUEUE, 0));
  TRY(Limit(RLIMIT_NOFILE, c.descriptors_max));
#ifndef __SANITIZE_ADDRESS__
  TRY(Limit(RLIMIT_AS, c.memory_bytes_max));
#endif
  return {};
}

Status DropRights(const Confinement& c) {
  TRY(Check(prctl(PR_SET_SECUREBITS, kSecureBits, 0, 0, 0), "prctl PR_SET_SECUREBITS", "self"));
  TRY(DropBoundingSetBut(c.capabilities));
  TRY(SetCapabilities(c.capabilities));
  return Check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl PR_SET_NO_NEW_PRIVS", "self");
}

}  // namespace

Status Confine(const Confinement& confinement) {
  TRY(ForgetParent());
  TRY(EnterRoot(confinement));
  TRY(sys::CloseAllBut(confinement.kept));
  TRY(SetLimits(confinement));
  TRY(DropRights(confinement));
  return AllowOnly(confinement.calls);
}

}  // namespace sandpiper
