#include "world.h"

#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <csignal>

#include "holder.h"
#include "namespaces.h"
#include "overlay.h"
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

// Opening the device gives no rights by itself, and udev makes it anybody's; but not every host has
// udev. Where it can't be replaced it stays as it is.
Status OpenTunToAnybody() {
  constexpr unsigned kMajor = 10;
  constexpr unsigned kMinor = 200;
  const UniqueFd device = TRY(sys::Open(AT_FDCWD, "/dev/net/tun", O_PATH, 0));
  const UniqueFd tree = TRY(sys::NewMount("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC));
  TRY(Check(mknodat(tree.get(), "tun", S_IFCHR, makedev(kMajor, kMinor)), "mknod", "tun"));
  TRY(Check(fchmodat(tree.get(), "tun", 0666, 0), "chmod", "tun"));
  const UniqueFd node = TRY(sys::CloneTree(tree.get(), "tun", 0, "tun"));
  return sys::AttachTree(node.get(), device.get(), "tun");
}

Status EnterTools() {
  // What the host mounts and unmounts later is followed here.
  TRY(Check(mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr), "mount slave", "/"));
  (void)OpenTunToAnybody();
  return {};
}

Result<UniqueFd> NewToolsNamespace() {
  Holder holder = TRY(Holder::Start(CLONE_NEWNS, EnterTools));
  TRY(holder.Proceed());
  return holder.Namespace("ns/mnt");
}

// Tried out; whatever is in the lower layer.
Status TryDetachedLayer(int directory) {
  static constexpr WritableRequest kLayer{
      WritableRequest::Kind::kMemory, 0755, "", "65536", "64", ""};
  const Result<Overlay> mounted = MountOverlay({".", kLayer, directory, 0, false, true, -1});
  TRY(Check(chdir("/"), "chdir", "/"));
  return mounted.ok() ? Status() : mounted.failure();
}

}  // namespace

Result<World> EnterWorld() {
  World world;
  world.tools = TRY(NewToolsNamespace());
  // The uts namespace is left for a moment to name sandboxes, and only one of our own lets us back
  // in where we are root of a user namespace.
  TRY(sys::Unshare(CLONE_NEWNS | CLONE_NEWUTS, "mount and uts namespace"));
  // What the host mounts later is seen here; what is mounted here is not seen there.
  TRY(Check(mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr), "mount slave", "/"));
  TRY(MoveToOwnRoot());
  world.nested = TRY(IsInUserNamespace());
  world.host = TRY(OpenDirectory("/host"));
  world.stages = TRY(OpenDirectory("/stages"));
  world.blank = TRY(NewBlankNamespace());
  world.takes_detached_layers = TryDetachedLayer(world.stages.get()).ok();
  world.own_uts = TRY(sys::FollowKernelLink(AT_FDCWD, "/proc/self/ns/uts", O_RDONLY));
  world.self = TRY(sys::PidFd(getpid()));
  return world;
}

Status DieWithLauncher(const World& world, const char* who) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return LastFailure("prctl PR_SET_PDEATHSIG", who);
  pollfd launcher{world.self.get(), POLLIN, 0};
  const int ended = poll(&launcher, 1, 0);
  if (ended < 0) return LastFailure("poll", "launcher");
  if (ended > 0) return Failure{ESRCH, "poll", "launcher"};
  return {};
}

}  // namespace sandpiper
