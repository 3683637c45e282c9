#include "probe.h"

#include <ftw.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "holder.h"
#include "idmap.h"
#include "namespaces.h"
#include "network.h"
#include "report.h"
#include "seccomp.h"
#include "sys.h"

namespace sandpiper {
namespace {

// Ids for the trial: any will do, as nothing keeps them. Root of a user namespace has few.
struct Ids {
  uint32_t start;
  uint32_t count;
};
constexpr Ids kOfHost{100'000, 65'536};
constexpr Ids kOfNamespace{1, 1};

IdMap TrialMap() {
  Result<bool> nested = IsInUserNamespace();
  const Ids& ids = nested.ok() && nested.Take() ? kOfNamespace : kOfHost;
  return PlainMap(ids.start, ids.count);
}

Status Check(long result, const char* call, const char* object) {
  if (result < 0) return LastFailure(call, object);
  return {};
}

Status ProbeRoot() {
  if (geteuid() != 0) return Failure{EPERM, "geteuid", "root"};
  return {};
}

Status ProbeUserNamespace() {
  const IdMap map = TrialMap();
  TRY(NewIdMapping(map, map));
  return {};
}

Status ProbeNetworkNamespace() { return NewNetwork(); }

Status ProbeOtherNamespaces() {
  return sys::Unshare(CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
                      "pid, ipc, uts and cgroup namespaces");
}

Status PrivateMounts() {
  TRY(sys::Unshare(CLONE_NEWNS, "mount namespace"));
  return Check(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount private", "/");
}

Status ProbeMountNamespace() { return PrivateMounts(); }

// Paths are relative to the working directory, which goes along into a new mount namespace; a
// descriptor from before would not.
Result<UniqueFd> IdMappedTree(const char* name) {
  const IdMap map = TrialMap();
  const UniqueFd mapping = TRY(NewIdMapping(map, map));
  UniqueFd tree = TRY(sys::CloneTree(AT_FDCWD, name, 0, name));
  TRY(sys::MapMountIds(tree.get(), 0, mapping.get(), name));
  return tree;
}

Status ProbeIdMappedMount() {
  TRY(PrivateMounts());
  TRY(IdMappedTree("lower"));
  return {};
}

// On an id-mapped lower layer and with the options that sandboxes use.
Status ProbeOverlay() {
  TRY(PrivateMounts());
  const UniqueFd lower = TRY(IdMappedTree("lower"));
  const UniqueFd target = TRY(sys::Open(AT_FDCWD, "lower", O_PATH | O_DIRECTORY, sys::kBeneath));
  TRY(sys::AttachTree(lower.get(), target.get(), "lower"));
  return Check(mount("overlay", "mount", "overlay", 0,
                     "lowerdir=lower,upperdir=upper,workdir=work,volatile,userxattr,index=off"),
               "mount overlay", "probe");
}

// What root of a user namespace does: layers belong to the ids of stages on disk.
Status ProbePlainOverlay() {
  TRY(PrivateMounts());
  return Check(mount("overlay", "mount", "overlay", 0,
                     "lowerdir=lower,upperdir=upper,workdir=work,volatile,userxattr,index=off"),
               "mount overlay", "probe");
}

Status MountKernelFileSystems() {
  TRY(sys::NewMount("proc", MOUNT_ATTR_NOSUID));
  TRY(NewNetwork());
  TRY(sys::NewMount("sysfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY));
  return {};
}

// In namespaces of their own, as in a sandbox. The kernel refuses these to root of a user namespace
// who does not see all of the ones there are, as in most containers.
Status ProbeKernelFileSystems() {
  TRY(PrivateMounts());
  TRY(sys::Unshare(CLONE_NEWPID, "pid namespace"));
  Holder holder = TRY(Holder::Start(0, MountKernelFileSystems));
  return holder.Proceed();
}

Status ProbeSeccomp() {
  constexpr sock_filter kAllow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  TRY(Check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl PR_SET_NO_NEW_PRIVS", "probe"));
  return LoadSeccomp({reinterpret_cast<const char*>(kAllow), sizeof(kAllow)});
}

Status ProbePidfd() {
  TRY(sys::PidFd(getpid()));
  return {};
}

enum class For { kAll, kHostRoot, kNamespaceRoot };

constexpr struct {
  const char* name;
  Status (*run)();
  For whom = For::kAll;
} kProbes[] = {{"root", ProbeRoot},
               {"user-namespace", ProbeUserNamespace},
               {"mount-namespace", ProbeMountNamespace},
               {"network-namespace", ProbeNetworkNamespace},
               {"other-namespaces", ProbeOtherNamespaces},
               {"id-mapped-mount", ProbeIdMappedMount, For::kHostRoot},
               {"overlay", ProbeOverlay, For::kHostRoot},
               {"overlay", ProbePlainOverlay, For::kNamespaceRoot},
               {"kernel-file-systems", ProbeKernelFileSystems},
               {"seccomp", ProbeSeccomp},
               {"pidfd", ProbePidfd}};

Report Answer(Status status) {
  Report report{};
  report.kind = Report::Kind::kReady;
  return status.ok() ? report : FailureReport(status.failure());
}

Report RunInChild(Status (*run)()) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return Answer(LastFailure("pipe2", "probe"));
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t child = fork();
  if (child < 0) return Answer(LastFailure("fork", "probe"));
  if (child == 0) {
    (void)SendReport(write_end.get(), Answer(run()));
    _exit(0);
  }
  write_end.Reset();
  Report report{};
  if (!ReceiveReport(read_end.get(), &report)) report = Answer(Failure{EPIPE, "read", "probe"});
  waitpid(child, nullptr, 0);
  return report;
}

// Moves into a new scratch directory; empty when it could not be made.
std::string EnterScratch(const char* directory) {
  std::string scratch = std::string(directory) + "/sandpiper-probe-XXXXXX";
  if (mkdtemp(scratch.data()) == nullptr || chdir(scratch.c_str()) < 0) return {};
  for (const char* name : {"lower", "upper", "work", "mount"}) {
    if (mkdir(name, 0755) < 0) return {};
  }
  return scratch;
}

int RemoveOne(const char* path, const struct stat*, int, FTW*) { return remove(path); }

}  // namespace

int RunProbes(const char* directory) {
  const std::string scratch = EnterScratch(directory);
  if (scratch.empty()) {
    (void)std::fprintf(stderr, "can't make a directory in %s: errno %d\n", directory, errno);
    return 1;
  }
  Result<bool> nested = IsInUserNamespace();
  const For other = nested.ok() && nested.Take() ? For::kHostRoot : For::kNamespaceRoot;
  for (const auto& probe : kProbes) {
    if (probe.whom == other) continue;
    const Report report = RunInChild(probe.run);
    (void)std::printf("%s\t%d\t%s\t%s\n", probe.name, report.error, report.call, report.object);
  }
  constexpr int kDescriptorsMax = 8;
  (void)nftw(scratch.c_str(), RemoveOne, kDescriptorsMax, FTW_DEPTH | FTW_PHYS);
  return 0;
}

}  // namespace sandpiper
