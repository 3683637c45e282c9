#include "contain.h"

#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "attach.h"
#include "caps.h"
#include "cgroup.h"
#include "devices.h"
#include "init.h"
#include "masks.h"
#include "namespaces.h"
#include "network.h"
#include "order.h"
#include "overlay.h"
#include "own_files.h"
#include "program.h"
#include "report.h"
#include "rootfs.h"
#include "sys.h"
#include "trees.h"
#include "waiting_program.h"

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
  Overlay root;
  UniqueFd proc;
  UniqueFd sysfs;
  UniqueFd dev;
  UniqueFd empty;
};

Status EnterNetwork(const Containment& c) {
  if (c.shape.own_network) return NewNetworkOf(c.stage.user_namespace());
  return sys::SetNamespace(c.network, CLONE_NEWNET, "network namespace");
}

Result<Trees> MakeTrees(const Containment& c) {
  Trees trees;
  constexpr uint64_t kReadOnly = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
  trees.dev = TRY(OpenStageTree(c.stage, "dev", kReadOnly));
  trees.empty = TRY(OpenStageTree(c.stage, "empty", kReadOnly | MOUNT_ATTR_NODEV));
  trees.proc = TRY(sys::NewMount("proc", kSafest));
  TRY(EnterNetwork(c));
  // It shows the network namespace that it is made in.
  trees.sysfs = TRY(sys::NewMount("sysfs", kSafest | MOUNT_ATTR_RDONLY));
  // Last: it may leave the launcher's mount namespace.
  trees.root =
      TRY(MountOverlay({c.root_lowers.c_str(), c.shape.root.writable, c.stage.directory(),
                        c.stage.ids_start(), true, c.world.takes_detached_layers, c.blank}));
  return trees;
}

Status BuildRoot(const Containment& c, const Trees& trees) {
  const int root = trees.root.tree.get();
  TRY(EnterRoot(root));
  TRY(AttachDirectory(root, "/proc", trees.proc));
  TRY(AttachDirectory(root, "/sys", trees.sysfs));
  TRY(AttachDirectory(root, "/dev", trees.dev));
  TRY(MountDeviceFileSystems(trees.dev.get(), c.shape.shm_bytes, c.stage.ids_count() > kTtyGroup));
  return MaskPaths(trees.proc.get(), trees.sysfs.get(), trees.dev.get(), trees.empty.get());
}

// Nobody inside can trace the init or look into it (ptrace(2), "Ptrace access mode checking").
Status Hide() {
  if (prctl(PR_SET_DUMPABLE, 0) < 0) return LastFailure("prctl PR_SET_DUMPABLE", "init");
  return {};
}

// What the order is carried out with, open for good: attached mounts, and what is to be attached
// (attach.h).
struct Prepared {
  int root;
  int proc;
  int own;
  int output;
};

// The launcher keeps the mounts until it has told how the sandbox ended: to unmount is its work
// then, not that of the init before it. It fetches them before it gives the order, and the output
// file too: who has that open first is not held up by what the program does to it (fcntl(2),
// F_SETLEASE).
Status TellPrepared(const Containment& c, const Prepared& prepared, int layer) {
  Report report{};
  report.kind = Report::Kind::kPrepared;
  report.root = prepared.root;
  report.layer = layer;
  report.output = prepared.output;
  return SendReport(c.channel, report);
}

// What can be made before the program is known. Keeps no descriptor else, among them those that the
// launcher had open: the outputs of other sandboxes would not end before this one.
Result<Prepared> Prepare(const Containment& c) {
  (void)prctl(PR_SET_NAME, "sandpiper-init");
  TRY(EnterCgroups(c.cgroups));
  // Only now: the namespace's root is the cgroup that one is in (cgroup_namespaces(7)).
  TRY(sys::Unshare(CLONE_NEWCGROUP, "cgroup namespace"));
  Trees trees = TRY(MakeTrees(c));
  TRY(JoinStage(c.world.blank.get(), c.stage.user_namespace()));
  TRY(BuildRoot(c, trees));
  OwnFiles own;
  if (*c.shape.output_file != '\0') own = TRY(MakeOwnFiles(c.shape.output_file));
  TRY(Hide());
  TRY(DieWithLauncher(c.world, "init"));
  TRY(BlockSignals());
  // For the program's process and this one.
  TRY(LimitCapabilities());
  TRY(WaitingProgram::Start(c.seccomp_filter));
  const Prepared prepared{trees.root.tree.Release(), trees.proc.Release(), own.tree.Release(),
                          own.output.Release()};
  const int layer = trees.root.layer.Release();
  trees = {};
  // The standard streams stay taken, so that nothing else gets their numbers.
  TRY(sys::CloseAllBut({STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, c.channel, prepared.root,
                        prepared.proc, prepared.own, prepared.output, layer}));
  TRY(TellPrepared(c, prepared, layer));
  return prepared;
}

Status Furnish(const ReceivedOrder& order, const Prepared& prepared) {
  TRY(AttachStorage({order.request, order.binds, order.volumes, order.workspace, prepared.root,
                     prepared.proc, prepared.own, prepared.output}));
  TRY(EnsureDirectory(prepared.root, order.request.program.cwd));
  return {};
}

Result<ReceivedOrder> MakeReady(const Containment& c) {
  const Prepared prepared = TRY(Prepare(c));
  const ReceivedOrder order = TRY(ReceiveOrder(c.channel));
  TRY(Furnish(order, prepared));
  return order;
}

}  // namespace

void Contain(const Containment& c) {
  Result<ReceivedOrder> order = MakeReady(c);
  if (!order.ok()) {
    (void)SendReport(c.channel, FailureReport(order.failure()));
    _exit(1);
  }
  const ReceivedOrder received = order.Take();
  RunInit(received.request, received.outputs, c.channel);
}

}  // namespace sandpiper
