#include "masks.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "sys.h"

namespace sandpiper {
namespace {

// Not every kernel has each of them. Loop devices tell where on the host the images of writable
// layers are, and they and ext4 how much each other sandbox writes.
constexpr const char* kMaskedInProc[] = {"acpi",          "asound",     "diskstats",   "fs",
                                         "interrupts",    "kallsyms",   "kcore",       "keys",
                                         "latency_stats", "partitions", "sched_debug", "scsi",
                                         "timer_list",    "timer_stats"};
constexpr const char* kMaskedInSys[] = {"devices/virtual/bdi", "devices/virtual/block",
                                        "devices/virtual/powercap", "firmware", "fs/ext4"};
constexpr const char* kReadOnlyInProc[] = {"bus", "irq", "sys", "sysrq-trigger"};

// /dev/null, checked to be it (CVE-2025-31133: a mask made of something else shows that instead).
Result<UniqueFd> OpenNull(int dev) {
  UniqueFd null = TRY(sys::Open(dev, "null", O_PATH | O_NOFOLLOW, sys::kBeneath));
  struct stat info {};
  if (fstat(null.get(), &info) < 0) return LastFailure("fstat", "/dev/null");
  if (!S_ISCHR(info.st_mode) || info.st_rdev != makedev(1, 3)) {
    return Failure{ENODEV, "check", "/dev/null"};
  }
  return null;
}

class Masker {
 public:
  Masker(int null, int empty) : null_(null), empty_(empty) {}

  Status Mask(int base, const char* name) {
    struct stat info {};
    const bool found = fstatat(base, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (!found) return errno == ENOENT ? Status() : LastFailure("fstat", name);
    if (S_ISDIR(info.st_mode)) return MaskDirectory(base, name);
    const UniqueFd tree = TRY(sys::CloneTree(null_, "", AT_EMPTY_PATH, name));
    return sys::AttachTreeAt(tree.get(), base, name, name);
  }

 private:
  // The first directory gets the mount itself; only attached mounts can be copied, so the others
  // get copies of that one.
  Status MaskDirectory(int base, const char* name) {
    if (!attached_) {
      attached_ = true;
      return sys::AttachTreeAt(empty_, base, name, name);
    }
    const UniqueFd tree = TRY(sys::CloneTree(empty_, "", AT_EMPTY_PATH, name));
    return sys::AttachTreeAt(tree.get(), base, name, name);
  }

  int null_;
  int empty_;
  bool attached_ = false;
};

Status WriteProtect(int base, const char* name) {
  Result<UniqueFd> cloned = sys::CloneTree(base, name, AT_SYMLINK_NOFOLLOW, name);
  if (!cloned.ok()) return cloned.failure().error == ENOENT ? Status() : cloned.failure();
  const UniqueFd tree = cloned.Take();
  TRY(sys::SetMountAttributes(
      tree.get(), 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
      name));
  return sys::AttachTreeAt(tree.get(), base, name, name);
}

}  // namespace

Status MaskPaths(int proc, int sysfs, int dev, int empty) {
  const UniqueFd null = TRY(OpenNull(dev));
  Masker masker(null.get(), empty);
  for (const char* name : kMaskedInProc) TRY(masker.Mask(proc, name));
  for (const char* name : kMaskedInSys) TRY(masker.Mask(sysfs, name));
  for (const char* name : kReadOnlyInProc) TRY(WriteProtect(proc, name));
  return {};
}

}  // namespace sandpiper
