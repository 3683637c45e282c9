#include "contain.h"

#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "attach.h"
#include "caps.h"
#include "cgroup.h"
#include "devices.h"
#include "init.h"
#include "masks.h"
#include "namespaces.h"
#include "network.h"
#include "overlay.h"
#include "program.h"
#include "report.h"
#include "rootfs.h"
#include "seccomp.h"
#include "sys.h"

namespace sandpiper {

// The pid, ipc and uts namespaces belong to the launcher's user namespace, not to the stage's: no
// capability that a process inside can have counts for anything in them.
const uint64_t kInitCloneFlags = CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;

namespace {

constexpr unsigned kSafe = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
constexpr unsigned kSafest = kSafe | MOUNT_ATTR_NOEXEC;
constexpr uint32_t kTtyGroup = 5;

// Detached mounts that are made with the launcher's view and rights, to be attached inside.
struct Trees {
  UniqueFd root;
  UniqueFd proc;
  UniqueFd sysfs;
  UniqueFd dev;
  UniqueFd empty;
  UniqueFd workspace;
};

Status SetHostname(const char* name) {
  if (sethostname(name, std::strlen(name)) < 0) return LastFailure("sethostname", name);
  return {};
}

Result<UniqueFd> OpenBind(const Containment& c, const BindRequest& bind) {
  const UniqueFd source = TRY(sys::Open(c.world.host.get(), bind.source, O_PATH, sys::kInRoot));
  UniqueFd tree = TRY(sys::CloneTree(source.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, bind.source));
  const uint64_t attributes = kSafe | (bind.read_only ? MOUNT_ATTR_RDONLY : 0);
  TRY(sys::SetMountAttributes(tree.get(), AT_RECURSIVE, attributes, bind.source));
  if (!bind.id_mapped) return tree;
  const Status mapped =
      sys::MapMountIds(tree.get(), AT_RECURSIVE, c.stage.user_namespace(), bind.source);
  // Not every file system can; the files are then seen as nobody's.
  const bool unable =
      !mapped.ok() && (mapped.failure().error == EINVAL || mapped.failure().error == EPERM);
  if (!mapped.ok() && !unable) return mapped.failure();
  return tree;
}

// The devices in /dev may be mounts of their own.
Result<UniqueFd> OpenStageTree(const Stage& stage, const char* name, uint64_t attributes) {
  UniqueFd tree = TRY(sys::CloneTree(stage.directory(), name, AT_RECURSIVE, name));
  if (attributes != 0) TRY(sys::SetMountAttributes(tree.get(), 0, attributes, name));
  return tree;
}

Result<UniqueFd> OpenVolume(const Stage& stage, const VolumeRequest& volume) {
  UniqueFd tree = TRY(sys::CloneTree(stage.volumes(), volume.name, 0, volume.name));
  const uint64_t attributes = kSafe | (volume.read_only ? MOUNT_ATTR_RDONLY : 0);
  TRY(sys::SetMountAttributes(tree.get(), 0, attributes, volume.name));
  return tree;
}

Status EnterNetwork(const Containment& c) {
  if (c.request.own_network) return NewNetworkOf(c.stage.user_namespace());
  return sys::SetNamespace(c.network, CLONE_NEWNET, "network namespace");
}

Result<Trees> OpenTrees(const Containment& c) {
  Trees trees;
  for (size_t i = 0; i < c.request.binds.size(); i++) {
    c.bind_trees[i] = TRY(OpenBind(c, c.request.binds[i]));
  }
  for (size_t i = 0; i < c.request.volumes.size(); i++) {
    c.volume_trees[i] = TRY(OpenVolume(c.stage, c.request.volumes[i]));
  }
  constexpr uint64_t kReadOnly = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  trees.dev = TRY(OpenStageTree(c.stage, "dev", kReadOnly));
  trees.empty = TRY(OpenStageTree(c.stage, "empty", kReadOnly | MOUNT_ATTR_NODEV));
  if (*c.request.workspace_target != '\0') {
    if (!c.stage.has_workspace()) return Failure{ENOENT, "open_tree", "workspace of the stage"};
    trees.workspace = TRY(OpenStageTree(c.stage, "workspace", 0));
  }
  trees.proc = TRY(sys::NewMount("proc", kSafest));
  TRY(EnterNetwork(c));
  // It shows the network namespace that it is made in.
  trees.sysfs = TRY(sys::NewMount("sysfs", kSafest | MOUNT_ATTR_RDONLY));
  // Last: it may leave the launcher's mount namespace.
  trees.root =
      TRY(MountOverlay({c.root_lowers.c_str(), c.request.root.writable, c.stage.directory(),
                        c.stage.ids_start(), true, c.world.takes_detached_layers}));
  return trees;
}

Status AttachRequested(const Containment& c, const Trees& trees) {
  return AttachStorage({c.request, c.bind_trees, c.volume_trees, trees.workspace.get(),
                        trees.root.get(), trees.proc.get()});
}

Status BuildRoot(const Containment& c, const Trees& trees) {
  const int root = trees.root.get();
  TRY(EnterRoot(root));
  TRY(AttachDirectory(root, "/proc", trees.proc));
  TRY(AttachDirectory(root, "/sys", trees.sysfs));
  TRY(AttachDirectory(root, "/dev", trees.dev));
  TRY(MountDeviceFileSystems(trees.dev.get(), c.request.shm_bytes,
                             c.stage.ids_count() > kTtyGroup));
  TRY(MaskPaths(trees.proc.get(), trees.sysfs.get(), trees.dev.get(), trees.empty.get()));
  TRY(AttachRequested(c, trees));
  TRY(EnsureDirectory(root, c.request.program.cwd));
  return {};
}

// After the last change of ids, which would undo it (PR_SET_PDEATHSIG(2const)).
Status DieWithLauncher(const World& world) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return LastFailure("prctl PR_SET_PDEATHSIG", "init");
  pollfd launcher{world.self.get(), POLLIN, 0};
  const int ended = poll(&launcher, 1, 0);
  if (ended < 0) return LastFailure("poll", "launcher");
  if (ended > 0) return Failure{ESRCH, "poll", "launcher"};
  return {};
}

Status DropPrivileges(const Containment& c) {
  TRY(DropCapabilities());
  // Nobody inside can trace the init or look into it (ptrace(2), "Ptrace access mode checking").
  if (prctl(PR_SET_DUMPABLE, 0) < 0) return LastFailure("prctl PR_SET_DUMPABLE", "init");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
    return LastFailure("prctl PR_SET_NO_NEW_PRIVS", "init");
  }
  TRY(DieWithLauncher(c.world));
  return LoadSeccomp(c.seccomp_filter);
}

Status Prepare(const Containment& c) {
  (void)prctl(PR_SET_NAME, "sandpiper-init");
  TRY(EnterCgroups(c.world.host.get(), c.request.cgroups));
  // Only now: the namespace's root is the cgroup that one is in (cgroup_namespaces(7)).
  TRY(sys::Unshare(CLONE_NEWCGROUP, "cgroup namespace"));
  TRY(SetHostname(c.request.hostname));
  TRY(ShareOutput(c.output, c.stage.ids_start()));
  const Trees trees = TRY(OpenTrees(c));
  TRY(JoinStage(c.world.blank.get(), c.stage.user_namespace()));
  TRY(BuildRoot(c, trees));
  return DropPrivileges(c);
}

}  // namespace

void Contain(const Containment& c) {
  const Status prepared = Prepare(c);
  if (!prepared.ok()) {
    (void)SendReport(c.reports, FailureReport(prepared.failure()));
    _exit(1);
  }
  RunInit(c.request, c.output, c.reports);
}

}  // namespace sandpiper
