#include "tmpfs.h"

#include "sys.h"

namespace sandpiper {

Result<UniqueFd> MountTmpfs(const TmpfsPlan& plan) {
  const UniqueFd tmpfs = TRY(sys::OpenFileSystem("tmpfs"));
  TRY(sys::SetOption(tmpfs.get(), "size", plan.bytes));
  TRY(sys::SetOption(tmpfs.get(), "nr_inodes", plan.inodes));
  TRY(sys::SetOption(tmpfs.get(), "mode", "1777"));
  if (plan.owner != nullptr) {
    TRY(sys::SetOption(tmpfs.get(), "uid", plan.owner));
    TRY(sys::SetOption(tmpfs.get(), "gid", plan.owner));
  }
  return sys::MountFileSystem(tmpfs.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | plan.attributes,
                              "mount tmpfs", plan.name);
}

}  // namespace sandpiper
