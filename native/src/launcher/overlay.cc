#include "overlay.h"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "sys.h"

namespace sandpiper {
namespace {

// fsconfig(2) takes at most 256 bytes of a string option, with its NUL; mount(2) takes a page.
constexpr size_t kFsconfigStringMax = 255;
constexpr size_t kMountOptionsMax = 4096;

// What both ways of mounting are told. `volatile`: the upper directory is thrown away, so it is
// never synced. `userxattr`: whiteouts and opaque marks are user.overlay.*, as an ordinary user
// could make them too (overlayfs.rst, "User xattr"). The rest switches off what a throw-away
// directory does not need and what could make a layer point outside itself.
constexpr const char* kFlags[] = {"volatile", "userxattr"};
constexpr struct {
  const char* key;
  const char* value;
} kOptions[] = {{"index", "off"}, {"metacopy", "off"}, {"xino", "off"}};

struct FdPath {
  char text[32];
  explicit FdPath(int fd) { (void)std::snprintf(text, sizeof(text), "/proc/self/fd/%d", fd); }
};

struct Writable {
  UniqueFd upper;
  UniqueFd work;
};

Result<Writable> OpenWritable(const OverlayPlan& plan) {
  // By path, not by a descriptor from before: overlayfs wants mounts of the current namespace.
  const UniqueFd host = TRY(sys::Open(AT_FDCWD, "/host", O_PATH | O_DIRECTORY, 0));
  Writable writable;
  writable.upper = TRY(sys::Open(host.get(), plan.upper, O_RDONLY | O_DIRECTORY, sys::kInRoot));
  writable.work = TRY(sys::Open(host.get(), plan.work, O_PATH | O_DIRECTORY, sys::kInRoot));
  TRY(sys::ChangeOwner(writable.upper.get(), plan.owner, plan.owner, plan.upper));
  // Whatever the caller's umask left of it; it may be open to more than its owner.
  struct stat info {};
  if (fstat(writable.upper.get(), &info) < 0) return LastFailure("fstat", plan.upper);
  const mode_t mode = (info.st_mode & 01777) | 0755;
  if (fchmod(writable.upper.get(), mode) < 0) return LastFailure("chmod", plan.upper);
  return writable;
}

Result<UniqueFd> MountByFsconfig(const OverlayPlan& plan, const Writable& writable) {
  const UniqueFd overlay = TRY(sys::OpenFileSystem("overlay"));
  TRY(sys::SetOption(overlay.get(), "lowerdir", plan.lowers));
  TRY(sys::SetOption(overlay.get(), "upperdir", FdPath(writable.upper.get()).text));
  TRY(sys::SetOption(overlay.get(), "workdir", FdPath(writable.work.get()).text));
  for (const char* flag : kFlags) TRY(sys::SetFlag(overlay.get(), flag));
  for (const auto& option : kOptions) TRY(sys::SetOption(overlay.get(), option.key, option.value));
  return sys::MountFileSystem(overlay.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, "mount overlay",
                              plan.upper);
}

Result<UniqueFd> MountByMount(const OverlayPlan& plan, const Writable& writable) {
  char options[kMountOptionsMax];
  const int size = std::snprintf(
      options, sizeof(options),
      "lowerdir=%s,upperdir=%s,workdir=%s,volatile,userxattr,index=off,metacopy=off,xino=off",
      plan.lowers, FdPath(writable.upper.get()).text, FdPath(writable.work.get()).text);
  if (size < 0 || static_cast<size_t>(size) >= sizeof(options)) {
    return Failure{E2BIG, "mount overlay: too many layers", plan.upper};
  }
  if (mount("overlay", "mount", "overlay", MS_NOSUID | MS_NODEV, options) < 0) {
    return LastFailure("mount overlay", plan.upper);
  }
  UniqueFd tree = TRY(sys::CloneTree(AT_FDCWD, "mount", 0, plan.upper));
  if (umount2("mount", MNT_DETACH | UMOUNT_NOFOLLOW) < 0) return LastFailure("umount2", plan.upper);
  return tree;
}

}  // namespace

Result<UniqueFd> MountOverlay(const OverlayPlan& plan) {
  if (fchdir(plan.directory) < 0) return LastFailure("fchdir", "stage");
  const bool fits = std::strlen(plan.lowers) <= kFsconfigStringMax;
  // mount(2) attaches what it makes; in a copy of the namespace no other child meets it.
  if (!fits && plan.in_child) TRY(sys::Unshare(CLONE_NEWNS, "mount namespace"));
  const Writable writable = TRY(OpenWritable(plan));
  return fits ? MountByFsconfig(plan, writable) : MountByMount(plan, writable);
}

}  // namespace sandpiper
