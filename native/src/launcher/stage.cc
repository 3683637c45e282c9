#include "stage.h"

#include <linux/securebits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

#include "devices.h"
#include "holder.h"
#include "idmap.h"
#include "image.h"
#include "network.h"
#include "sys.h"
#include "tmpfs.h"

namespace sandpiper {
namespace {

// Read by a stage's holder only, which has a copy of it.
uid_t g_owner;

Status Check(long result, const char* call) {
  if (result < 0) return LastFailure(call, "holder");
  return {};
}

// What the kernel counts per user in a namespace (inotify instances, pending signals, message
// queues, timers) it also counts for the user who made that (ucount.c), and holds it to that user's
// limit: were it root, one sandbox could use up what the host's own root has, and other stages with
// it. The capabilities stay: not every host lets anybody make user namespaces.
Status MakeOwnNamespaces() {
  TRY(Check(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP), "prctl PR_SET_SECUREBITS"));
  TRY(Check(syscall(SYS_setresuid, g_owner, g_owner, g_owner), "setresuid"));
  return sys::Unshare(CLONE_NEWUSER | CLONE_NEWNET, "user and network namespace");
}

}  // namespace

Stage::Stage(uint32_t id, const StageRequest& request)
    : path_("/stages/" + std::to_string(id)),
      ids_start_(request.ids_start),
      ids_count_(request.ids_count) {}

Stage::~Stage() { (void)Unmount(); }

Status Stage::Unmount() {
  DiscardImage(workspace_layer_.get());
  const bool mounted = directory_.valid();
  if (mounted && umount2(path_.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) < 0) {
    return LastFailure("umount2", "stage");
  }
  directory_.Reset();
  // It may be there also when nothing could be mounted on it.
  (void)rmdir(path_.c_str());
  return {};
}

Result<std::unique_ptr<Stage>> Stage::Create(const World& world, uint32_t id,
                                             const StageRequest& request) {
  std::unique_ptr<Stage> stage(new Stage(id, request));
  stage->takes_detached_layers_ = world.takes_detached_layers;
  Holder holder = TRY(stage->BeginNamespaces());
  TRY(stage->MakeDirectory(world));
  TRY(stage->FinishNamespaces(holder));
  stage->lowers_ = std::make_unique<Lowers>(world.host.get(), stage->directory_.get(),
                                            request.ids_start, request.ids_count, !world.nested);
  if (request.workspace) TRY(stage->MountWorkspace(*request.workspace, UniqueFd()));
  for (const TmpfsRequest& volume : request.volumes) TRY(stage->MountVolume(volume));
  return stage;
}

// The kernel takes its time to make them, and this process has other things to make meanwhile.
Result<Holder> Stage::BeginNamespaces() const {
  g_owner = ids_start_;
  Holder holder = TRY(Holder::Start(0, MakeOwnNamespaces, OpenNetwork));
  TRY(holder.Begin());
  return holder;
}

Status Stage::FinishNamespaces(Holder& holder) {
  TRY(holder.Finish());
  const IdMap map = PlainMap(ids_start_, ids_count_);
  TRY(WriteIdMaps(holder, map, map));
  user_namespace_ = TRY(holder.Namespace("ns/user"));
  networks_[""] = TRY(holder.Namespace("ns/net"));
  return holder.Proceed();
}

Result<int> Stage::Network(const std::string& name) const {
  const auto found = networks_.find(name);
  if (found == networks_.end()) return Failure{ENOENT, "find", "network of the stage"};
  return found->second.get();
}

Status Stage::AddNetwork(const std::string& name) {
  if (networks_.contains(name)) return Failure{EEXIST, "add", "network of the stage"};
  networks_[name] = TRY(MakeNetworkIn(user_namespace()));
  return {};
}

Status Stage::MakeDirectory(const World& world) {
  TRY(AttachDirectory(world));
  const int directory = directory_.get();
  for (const char* name : {"dev", "empty", "workspace", "volumes", "mount", "layer"}) {
    TRY(sys::MakeDirectory(directory, name, 0755));
  }
  const UniqueFd dev = TRY(sys::Open(directory, "dev", O_PATH | O_DIRECTORY, sys::kBeneath));
  TRY(MakeDeviceTemplate(dev.get(), ids_start_, world.nested ? world.host.get() : -1));
  volumes_ = TRY(sys::Open(directory, "volumes", O_PATH | O_DIRECTORY, sys::kBeneath));
  return {};
}

// Before anything is mounted in it: on a detached mount Linux takes that since 6.15 only.
Status Stage::AttachDirectory(const World& world) {
  // Device nodes have to work here, so it is not nodev.
  UniqueFd tree = TRY(sys::NewMount("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC));
  const char* name = path_.c_str() + sizeof("/stages/") - 1;
  TRY(sys::MakeDirectory(world.stages.get(), name, 0755, "stage"));
  const UniqueFd target =
      TRY(sys::Open(world.stages.get(), name, O_PATH | O_DIRECTORY, sys::kBeneath, "stage"));
  TRY(sys::AttachTree(tree.get(), target.get(), "stage"));
  directory_ = std::move(tree);
  return {};
}

Status Stage::MountWorkspace(const OverlayRequest& overlay, UniqueFd blank) {
  if (workspace_.valid()) return Failure{EEXIST, "mount", "workspace of the stage"};
  const std::string lowers = TRY(LowerNames(overlay));
  const OverlayPlan plan{lowers.c_str(), overlay.writable,       directory_.get(), ids_start_,
                         false,          takes_detached_layers_, blank.Release()};
  Result<Overlay> mounted = MountOverlay(plan);
  if (chdir("/") < 0) return LastFailure("chdir", "/");
  Overlay made = TRY(std::move(mounted));
  workspace_ = std::move(made.tree);
  workspace_layer_ = std::move(made.layer);
  workspace_kind_ = overlay.writable.kind;
  return Attach(directory_.get(), "workspace", workspace_);
}

LayerUse Stage::MeasureWorkspace() const { return MeasureLayer(workspace_kind_, workspace_.get()); }

bool Stage::HasWorkspaceLostWrites() const {
  return HasLostWrites(workspace_kind_, workspace_.get());
}

Status Stage::MountVolume(const TmpfsRequest& volume) {
  TRY(sys::MakeDirectory(volumes_.get(), volume.name, 0755));
  const std::string owner = std::to_string(ids_start_);
  const UniqueFd tree = TRY(MountTmpfs({volume.name, volume.bytes, volume.inodes, owner.c_str()}));
  return Attach(volumes_.get(), volume.name, tree);
}

Status Stage::Attach(int directory, const char* name, const UniqueFd& tree) {
  const UniqueFd target = TRY(sys::Open(directory, name, O_PATH | O_DIRECTORY, sys::kBeneath));
  return sys::AttachTree(tree.get(), target.get(), name);
}

Status Stage::CheckUser(const std::optional<UserRequest>& user) const {
  static char text[64];
  const auto check = [this](const char* kind, uint32_t id) -> Status {
    if (id < ids_count_) return {};
    (void)std::snprintf(text, sizeof(text), "%s %u of a stage with ids 0 to %u", kind, id,
                        ids_count_ - 1);
    return Failure{EINVAL, "use", text};
  };
  if (!user) return {};
  TRY(check("user id", user->uid));
  TRY(check("group id", user->gid));
  for (const gid_t group : user->groups) TRY(check("group id", group));
  return {};
}

}  // namespace sandpiper
