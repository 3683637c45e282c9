#include "stage.h"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "devices.h"
#include "holder.h"
#include "idmap.h"
#include "network.h"
#include "sys.h"

namespace sandpiper {

Stage::Stage(uint32_t id, const StageRequest& request)
    : path_("/stages/" + std::to_string(id)),
      ids_start_(request.ids_start),
      ids_count_(request.ids_count) {}

Stage::~Stage() {
  if (!directory_.valid()) return;
  (void)umount2(path_.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
  (void)rmdir(path_.c_str());
}

Result<std::unique_ptr<Stage>> Stage::Create(const World& world, uint32_t id,
                                             const StageRequest& request) {
  std::unique_ptr<Stage> stage(new Stage(id, request));
  TRY(stage->MakeNamespaces());
  TRY(stage->MakeDirectory(world));
  stage->lowers_ = std::make_unique<Lowers>(world.host.get(), stage->directory_.get(),
                                            request.ids_start, request.ids_count);
  if (request.workspace) TRY(stage->MountWorkspace(*request.workspace));
  return stage;
}

Status Stage::MakeNamespaces() {
  Holder holder = TRY(Holder::Start(CLONE_NEWUSER, NewNetwork));
  const IdMap map = PlainMap(ids_start_, ids_count_);
  TRY(WriteIdMaps(holder, map, map));
  TRY(holder.Proceed());
  user_namespace_ = TRY(holder.Namespace("ns/user"));
  network_namespace_ = TRY(holder.Namespace("ns/net"));
  return {};
}

Status Stage::MakeDirectory(const World& world) {
  // Device nodes have to work here, so it is not nodev.
  UniqueFd tree = TRY(sys::NewMount("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC));
  for (const char* name : {"dev", "empty", "workspace", "mount"}) {
    TRY(sys::MakeDirectory(tree.get(), name, 0755));
  }
  const UniqueFd dev = TRY(sys::Open(tree.get(), "dev", O_PATH | O_DIRECTORY, sys::kBeneath));
  TRY(MakeDeviceTemplate(dev.get(), ids_start_));
  const char* name = path_.c_str() + sizeof("/stages/") - 1;
  TRY(sys::MakeDirectory(world.stages.get(), name, 0755, "stage"));
  const UniqueFd target =
      TRY(sys::Open(world.stages.get(), name, O_PATH | O_DIRECTORY, sys::kBeneath, "stage"));
  TRY(sys::AttachTree(tree.get(), target.get(), "stage"));
  directory_ = std::move(tree);
  return {};
}

Status Stage::MountWorkspace(const OverlayRequest& overlay) {
  const std::string lowers = TRY(LowerNames(overlay));
  const OverlayPlan plan{lowers.c_str(),   overlay.upper, overlay.work,
                         directory_.get(), ids_start_,    false};
  Result<UniqueFd> mounted = MountOverlay(plan);
  if (chdir("/") < 0) return LastFailure("chdir", "/");
  const UniqueFd tree = TRY(std::move(mounted));
  const UniqueFd target =
      TRY(sys::Open(directory_.get(), "workspace", O_PATH | O_DIRECTORY, sys::kBeneath));
  TRY(sys::AttachTree(tree.get(), target.get(), "workspace"));
  has_workspace_ = true;
  return {};
}

}  // namespace sandpiper
