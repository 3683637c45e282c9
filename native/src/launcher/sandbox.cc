#include "sandbox.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "cgroup.h"
#include "sys.h"

namespace sandpiper {
namespace {

// What ru_inblock and ru_oublock count (task_io_get_inblock() in the kernel).
constexpr uint64_t kUsageBlockBytes = 512;

}  // namespace

Sandbox::Sandbox(Stage& stage, StartRequest request) : stage_(stage), request_(std::move(request)) {
  stage_.sandboxes++;
}

Sandbox::~Sandbox() {
  if (!reaped_) Signal(SIGKILL);
  stage_.sandboxes--;
}

Result<std::unique_ptr<Sandbox>> Sandbox::Start(const World& world, Stage& stage,
                                                std::string& payload, StartRequest request,
                                                const std::string& seccomp_filter,
                                                UniqueFd output) {
  TRY(stage.CheckUser(request.program.user));
  const std::string root_lowers = TRY(stage.LowerNames(request.root));
  const int network = TRY(stage.Network(request.network));
  std::vector<UniqueFd> bind_trees(request.binds.size());
  std::vector<UniqueFd> volume_trees(request.volumes.size());
  std::unique_ptr<Sandbox> sandbox(new Sandbox(stage, std::move(request)));
  int ends[2];
  // Not to be waited for: it is read when there is something, and when the init has ended.
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return LastFailure("pipe2", "reports");
  sandbox->reports_.Reset(ends[0]);
  const UniqueFd reports(ends[1]);
  const UniqueFd unified_cgroup =
      TRY(MakeUnifiedCgroup(world.host.get(), sandbox->request_.cgroups));
  TRY(sandbox->Fork({world, stage, sandbox->request_, root_lowers, seccomp_filter, bind_trees,
                     volume_trees, network, output.get(), reports.get()},
                    unified_cgroup.get()));
  // Its bytes stay where they are: a start's payload is longer than what a string keeps inside
  // itself.
  sandbox->payload_ = std::move(payload);
  return sandbox;
}

Status Sandbox::Fork(const Containment& containment, int unified_cgroup) {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = kInitCloneFlags | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (unified_cgroup >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<uint64_t>(unified_cgroup);
  }
  const long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
  if (pid < 0) return LastFailure("clone3", "init");
  if (pid == 0) Contain(containment);
  pid_ = static_cast<pid_t>(pid);
  pidfd_.Reset(pidfd);
  return {};
}

bool Sandbox::NextReport(Report* report) const { return ReceiveReport(reports_.get(), report); }

Result<UniqueFd> Sandbox::OpenOfInit(const char* name, int flags) const {
  char path[64];
  (void)std::snprintf(path, sizeof(path), "/proc/%d/%s", pid_, name);
  return sys::Open(AT_FDCWD, path, flags, 0, name);
}

bool Sandbox::Runs() const {
  if (!has_run_ || killed_ || reaped_) return false;
  const Result<UniqueFd> opened = OpenMountNamespace();
  // No other failure says that it has left its namespaces.
  return opened.ok() || (opened.failure().error != ENOENT && opened.failure().error != ESRCH);
}

void Sandbox::HoldMounts() {
  has_run_ = true;
  // What can't be held goes before the end is told, and can't be measured then.
  Result<UniqueFd> mount_namespace = OpenMountNamespace();
  if (mount_namespace.ok()) mount_namespace_ = mount_namespace.Take();
  Result<UniqueFd> root = OpenOfInit("root", O_PATH);
  if (root.ok()) root_ = root.Take();
}

void Sandbox::ReleaseMounts() {
  root_.Reset();
  mount_namespace_.Reset();
}

void Sandbox::BeginUsage() {
  if (request_.usage) usage_ = std::make_unique<UsageMeter>(pid_);
}

void Sandbox::Signal(int signal) {
  if (signal == SIGKILL) killed_ = true;
  if (pidfd_.valid()) (void)syscall(SYS_pidfd_send_signal, pidfd_.get(), signal, nullptr, 0);
}

void Sandbox::Reaped(const rusage& usage) {
  reaped_ = true;
  const auto microseconds = [](const timeval& time) {
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000 + static_cast<uint64_t>(time.tv_usec);
  };
  end_.cpu_us = microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
  end_.read_bytes = static_cast<uint64_t>(usage.ru_inblock) * kUsageBlockBytes;
  end_.written_bytes = static_cast<uint64_t>(usage.ru_oublock) * kUsageBlockBytes;
  while (!end_.by_init && NextReport(&end_.report)) {
    end_.by_init = end_.report.kind != Report::Kind::kReady;
  }
}

}  // namespace sandpiper
