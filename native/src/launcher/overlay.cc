#include "overlay.h"

#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "sys.h"
#include "writable.h"

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

// What a failure shows.
const char* ObjectOf(const OverlayPlan& plan) {
  return *plan.writable.directory == '\0' ? "writable layer" : plan.writable.directory;
}

struct FdPath {
  char text[32];
  explicit FdPath(int fd) { (void)std::snprintf(text, sizeof(text), "/proc/self/fd/%d", fd); }
};

Result<UniqueFd> MountByFsconfig(const OverlayPlan& plan, const Writable& writable) {
  const UniqueFd overlay = TRY(sys::OpenFileSystem("overlay"));
  TRY(sys::SetOption(overlay.get(), "lowerdir", plan.lowers));
  TRY(sys::SetOption(overlay.get(), "upperdir", FdPath(writable.upper.get()).text));
  TRY(sys::SetOption(overlay.get(), "workdir", FdPath(writable.work.get()).text));
  for (const char* flag : kFlags) TRY(sys::SetFlag(overlay.get(), flag));
  for (const auto& option : kOptions) TRY(sys::SetOption(overlay.get(), option.key, option.value));
  return sys::MountFileSystem(overlay.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, "mount overlay",
                              ObjectOf(plan));
}

Result<UniqueFd> MountByMount(const OverlayPlan& plan, const Writable& writable) {
  char options[kMountOptionsMax];
  const int size = std::snprintf(
      options, sizeof(options),
      "lowerdir=%s,upperdir=%s,workdir=%s,volatile,userxattr,index=off,metacopy=off,xino=off",
      plan.lowers, FdPath(writable.upper.get()).text, FdPath(writable.work.get()).text);
  if (size < 0 || static_cast<size_t>(size) >= sizeof(options)) {
    return Failure{E2BIG, "mount overlay: too many layers", ObjectOf(plan)};
  }
  if (mount("overlay", "mount", "overlay", MS_NOSUID | MS_NODEV, options) < 0) {
    return LastFailure("mount overlay", ObjectOf(plan));
  }
  UniqueFd tree = TRY(sys::CloneTree(AT_FDCWD, "mount", 0, ObjectOf(plan)));
  if (umount2("mount", MNT_DETACH | UMOUNT_NOFOLLOW) < 0) {
    return LastFailure("umount2", ObjectOf(plan));
  }
  return tree;
}

Status AttachWritable(const Writable& writable) {
  const UniqueFd target =
      TRY(sys::Open(AT_FDCWD, "layer", O_PATH | O_DIRECTORY, sys::kBeneath, "writable layer"));
  return sys::AttachTree(writable.tree.get(), target.get(), "writable layer");
}

}  // namespace

Result<Overlay> MountOverlay(const OverlayPlan& plan) {
  UniqueFd blank(plan.blank);
  if (fchdir(plan.directory) < 0) return LastFailure("fchdir", "stage");
  const bool by_fsconfig = std::strlen(plan.lowers) <= kFsconfigStringMax;
  const bool has_tree = plan.writable.kind != WritableRequest::Kind::kDirectory;
  const bool attach = has_tree && !plan.takes_detached;
  // What is attached is attached in a copy of the namespace, where no other child meets it.
  if ((!by_fsconfig || attach) && plan.in_child) {
    TRY(sys::Unshare(CLONE_NEWNS, "mount namespace"));
  }
  // By path, not by a descriptor from before: overlayfs wants mounts of the current namespace.
  const UniqueFd host = TRY(sys::Open(AT_FDCWD, "/host", O_PATH | O_DIRECTORY, 0));
  Writable writable = TRY(MakeWritable({host.get(), plan.writable, plan.owner, blank.Release()}));
  if (attach) TRY(AttachWritable(writable));
  Overlay overlay;
  overlay.tree = TRY(by_fsconfig ? MountByFsconfig(plan, writable) : MountByMount(plan, writable));
  overlay.layer = std::move(writable.tree);
  return overlay;
}

}  // namespace sandpiper
