#include "world.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "holder.h"
#include "namespaces.h"
#include "sys.h"

namespace sandpiper {
namespace {

Status Check(long result, const char* call, const char* object) {
  if (result < 0) return LastFailure(call, object);
  return {};
}

Result<UniqueFd> OpenDirectory(const char* path) {
  return sys::Open(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
}

// Attached on top of "/": found through its descriptor only, until it is pivoted to.
Result<UniqueFd> MountOwnRoot() {
  UniqueFd root = TRY(sys::NewMount("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
  const UniqueFd old_root = TRY(OpenDirectory("/"));
  TRY(sys::AttachTree(root.get(), old_root.get(), "launcher root"));
  return root;
}

Status MoveToOwnRoot() {
  const UniqueFd root = TRY(MountOwnRoot());
  for (const char* name : {"host", "proc", "stages"}) {
    TRY(sys::MakeDirectory(root.get(), name, 0755));
  }
  TRY(Check(fchdir(root.get()), "fchdir", "launcher root"));
  TRY(Check(syscall(SYS_pivot_root, ".", "host"), "pivot_root", "launcher root"));
  TRY(Check(chdir("/"), "chdir", "launcher root"));
  return Check(mount("/host/proc", "/proc", nullptr, MS_BIND, nullptr), "mount", "/proc");
}

Status EnterBlank() {
  TRY(Check(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount private", "/"));
  const UniqueFd root = TRY(sys::NewMount(
      "tmpfs", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC));
  const UniqueFd old_root = TRY(OpenDirectory("/"));
  TRY(sys::AttachTree(root.get(), old_root.get(), "blank root"));
  return sys::PivotTo(root.get());
}

Result<UniqueFd> NewBlankNamespace() {
  Holder holder = TRY(Holder::Start(CLONE_NEWNS, EnterBlank));
  TRY(holder.Proceed());
  return holder.Namespace("ns/mnt");
}

}  // namespace

Result<World> EnterWorld() {
  TRY(sys::Unshare(CLONE_NEWNS, "mount namespace"));
  // What the host mounts later is seen here; what is mounted here is not seen there.
  TRY(Check(mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr), "mount slave", "/"));
  TRY(MoveToOwnRoot());
  World world;
  world.nested = TRY(IsInUserNamespace());
  world.host = TRY(OpenDirectory("/host"));
  world.stages = TRY(OpenDirectory("/stages"));
  world.blank = TRY(NewBlankNamespace());
  world.self = TRY(sys::PidFd(getpid()));
  return world;
}

}  // namespace sandpiper
