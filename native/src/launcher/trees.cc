#include "trees.h"

#include "sys.h"

namespace sandpiper {
namespace {

constexpr unsigned kSafe = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;

Result<UniqueFd> OpenBind(const World& world, const Stage& stage, const BindRequest& bind) {
  const UniqueFd source = TRY(sys::Open(world.host.get(), bind.source, O_PATH, sys::kInRoot));
  UniqueFd tree = TRY(sys::CloneTree(source.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, bind.source));
  const uint64_t attributes = kSafe | (bind.read_only ? MOUNT_ATTR_RDONLY : 0);
  TRY(sys::SetMountAttributes(tree.get(), AT_RECURSIVE, attributes, bind.source));
  if (!bind.id_mapped) return tree;
  const Status mapped =
      sys::MapMountIds(tree.get(), AT_RECURSIVE, stage.user_namespace(), bind.source);
  // Not every file system can; the files are then seen as nobody's.
  const bool unable =
      !mapped.ok() && (mapped.failure().error == EINVAL || mapped.failure().error == EPERM);
  if (!mapped.ok() && !unable) return mapped.failure();
  return tree;
}

Result<UniqueFd> OpenVolume(const Stage& stage, const VolumeRequest& volume) {
  UniqueFd tree = TRY(sys::CloneTree(stage.volumes(), volume.name, 0, volume.name));
  const uint64_t attributes = kSafe | (volume.read_only ? MOUNT_ATTR_RDONLY : 0);
  TRY(sys::SetMountAttributes(tree.get(), 0, attributes, volume.name));
  return tree;
}

}  // namespace

// The devices in /dev may be mounts of their own.
Result<UniqueFd> OpenStageTree(const Stage& stage, const char* name, uint64_t attributes) {
  UniqueFd tree = TRY(sys::CloneTree(stage.directory(), name, AT_RECURSIVE, name));
  if (attributes != 0) TRY(sys::SetMountAttributes(tree.get(), 0, attributes, name));
  return tree;
}

Status OpenTrees(const World& world, const Stage& stage, const StartRequest& request,
                 OrderFds* fds) {
  if (*request.workspace_target != '\0') {
    if (!stage.has_workspace()) return Failure{ENOENT, "open_tree", "workspace of the stage"};
    fds->push_back(TRY(OpenStageTree(stage, "workspace", 0)));
  }
  for (const BindRequest& bind : request.binds) {
    fds->push_back(TRY(OpenBind(world, stage, bind)));
  }
  for (const VolumeRequest& volume : request.volumes) {
    fds->push_back(TRY(OpenVolume(stage, volume)));
  }
  return {};
}

}  // namespace sandpiper
