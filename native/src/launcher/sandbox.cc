#include "sandbox.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "blanks.h"
#include "cgroup.h"
#include "image.h"
#include "own_files.h"
#include "program.h"
#include "sys.h"
#include "trees.h"

namespace sandpiper {
namespace {

// What ru_inblock and ru_oublock count (task_io_get_inblock() in the kernel).
constexpr uint64_t kUsageBlockBytes = 512;

constexpr int kReceivesMax = 8;

bool IsSame(const char* one, const char* other) { return std::strcmp(one, other) == 0; }

bool IsSameLayer(const WritableRequest& one, const WritableRequest& other) {
  return one.kind == other.kind && one.kind != WritableRequest::Kind::kDirectory &&
         one.mode == other.mode && IsSame(one.directory, other.directory) &&
         IsSame(one.bytes, other.bytes) && IsSame(one.image, other.image);
}

bool IsSameLower(const LowerRequest& one, const LowerRequest& other) {
  return one.owner == other.owner && IsSame(one.path, other.path);
}

template <typename T, typename Same>
bool IsSameList(const List<T>& one, const List<T>& other, Same same) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(), same);
}

bool HasSameFile(const CgroupWrite& one, const CgroupWrite& other) {
  return IsSame(one.file, other.file);
}

bool HasSameValue(const CgroupWrite& one, const CgroupWrite& other) {
  return IsSame(one.value, other.value);
}

// A limit that the other one does not have would stay.
bool HasSameKinds(const CgroupRequest& one, const CgroupRequest& other) {
  return IsSame(one.directory, other.directory) &&
         IsSameList(one.writes, other.writes, HasSameFile);
}

bool HasSameLimits(const CgroupRequest& one, const CgroupRequest& other) {
  return IsSameList(one.writes, other.writes, HasSameValue);
}

}  // namespace

bool IsAlike(const StartRequest& one, const StartRequest& other) {
  return IsSameLayer(one.root.writable, other.root.writable) &&
         IsSameList(one.root.lowers, other.root.lowers, IsSameLower) &&
         IsSameList(one.cgroups, other.cgroups, HasSameKinds) &&
         one.own_network == other.own_network && IsSame(one.network, other.network) &&
         IsSame(one.shm_bytes, other.shm_bytes) && IsSame(one.output_file, other.output_file);
}

Sandbox::Sandbox(Stage& stage, std::shared_ptr<const Order> shape, uint32_t serial)
    : stage_(&stage), order_(std::move(shape)) {
  (void)std::snprintf(cgroup_name_, sizeof(cgroup_name_), "s%u", serial);
}

Sandbox::~Sandbox() {
  if (!reaped_) Signal(SIGKILL);
  if (is_taken_) stage_->sandboxes--;
}

Result<std::unique_ptr<Sandbox>> Sandbox::Prepare(const Supplies& supplies, Stage& stage,
                                                  std::shared_ptr<const Order> shape,
                                                  uint32_t serial) {
  const World& world = supplies.world;
  const StartRequest& request = shape->request;
  const std::string root_lowers = TRY(stage.LowerNames(request.root));
  const int network = TRY(stage.Network(request.network));
  std::unique_ptr<Sandbox> sandbox(new Sandbox(stage, std::move(shape), serial));
  int ends[2];
  // Not to be waited for: it is read when there is something, and when the init has ended.
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
    return LastFailure("socketpair", "init");
  }
  sandbox->channel_.Reset(ends[0]);
  const UniqueFd inits_end(ends[1]);
  const Cgroups cgroups = sandbox->cgroups(world);
  const UniqueFd unified_cgroup = TRY(MakeUnifiedCgroup(cgroups));
  const UniqueFd blank = supplies.blanks.Take(request.root.writable);
  const Status forked =
      sandbox->Fork({world, stage, request, cgroups, root_lowers, supplies.seccomp_filter, network,
                     blank.get(), inits_end.get()},
                    unified_cgroup.get());
  if (!forked.ok()) (void)RemoveCgroups(cgroups);
  TRY(forked);
  return sandbox;
}

void Sandbox::Take(std::shared_ptr<const Order> order, UniqueFd output, UniqueFd errors) {
  is_taken_ = true;
  stage_->sandboxes++;
  is_limited_ = IsSameList(request().cgroups, order->request.cgroups, HasSameLimits);
  order_ = std::move(order);
  output_ = std::move(output);
  errors_ = std::move(errors);
}

Status Sandbox::Begin(const World& world) {
  TRY(Status(fetched_));
  TRY(stage_->CheckUser(request().program.user));
  TRY(ShareOutputs({output_.get(), errors_.get()}, stage_->ids_start()));
  OrderFds fds;
  fds.push_back(std::move(output_));
  fds.push_back(std::move(errors_));
  TRY(OpenTrees(world, *stage_, request(), &fds));
  if (!is_limited_) TRY(LimitCgroups(cgroups(world)));
  TRY(SetHostname(world));
  return SendOrder(channel_.get(), order_->payload, fds);
}

// The namespace belongs to the launcher's user namespace, where the init has no rights any more.
Status Sandbox::SetHostname(const World& world) const {
  const char* name = request().hostname;
  TRY(sys::SetNamespace(pidfd_.get(), CLONE_NEWUTS, "uts namespace"));
  const bool set = sethostname(name, std::strlen(name)) == 0;
  const Failure failure = LastFailure("sethostname", name);
  TRY(sys::SetNamespace(world.own_uts.get(), CLONE_NEWUTS, "uts namespace"));
  return set ? Status() : failure;
}

bool Sandbox::IsFor(const Stage& stage, const StartRequest& request) const {
  return stage_ == &stage && IsAlike(order_->request, request);
}

bool Sandbox::IsSound() const {
  pollfd end{pidfd_.get(), POLLIN, 0};
  if (poll(&end, 1, 0) != 0) return false;
  Report report{};
  const ssize_t got = recv(channel_.get(), &report, sizeof(report), MSG_PEEK | MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  return got > 0 && !is_prepared_ && report.kind == Report::Kind::kPrepared;
}

void Sandbox::Discard() {
  stage_ = nullptr;
  Signal(SIGKILL);
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

bool Sandbox::NextReport(Report* report) {
  ssize_t got = -1;
  errno = 0;
  // How it ended is told once: a failure that is not "nothing there" is tried again.
  for (int i = 0; i < kReceivesMax && got < 0 && errno != EAGAIN; i++) {
    got = recv(channel_.get(), report, sizeof(*report), MSG_DONTWAIT);
  }
  if (got != static_cast<ssize_t>(sizeof(*report))) return false;
  if (report->kind == Report::Kind::kPrepared) {
    is_prepared_ = true;
    fetched_ = FetchMounts(*report);
  }
  runs_ = runs_ || report->kind == Report::Kind::kReady;
  return true;
}

Status Sandbox::FetchMounts(const Report& report) {
  const auto named = [](Failure failure) {
    return Failure{failure.error, "open", "mounts of init"};
  };
  Result<UniqueFd> mount_namespace = OpenMountNamespace();
  if (!mount_namespace.ok()) return named(mount_namespace.failure());
  Result<UniqueFd> root = OpenOfInit(report.root, O_PATH);
  if (!root.ok()) return named(root.failure());
  if (report.layer >= 0) {
    Result<UniqueFd> layer = OpenOfInit(report.layer, O_PATH);
    if (!layer.ok()) return named(layer.failure());
    layer_ = layer.Take();
  }
  mount_namespace_ = mount_namespace.Take();
  root_ = root.Take();
  return FetchOutputFile(report);
}

Status Sandbox::FetchOutputFile(const Report& report) {
  if (report.output < 0) return {};
  Result<UniqueFd> file = OpenOfInit(report.output, O_RDONLY);
  if (!file.ok()) return Failure{file.failure().error, "open", "output file of init"};
  output_file_ = file.Take();
  return {};
}

Result<UniqueFd> Sandbox::OpenOfInit(int fd, int flags) const {
  char path[64];
  (void)std::snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid_, fd);
  return sys::FollowKernelLink(AT_FDCWD, path, flags);
}

Result<UniqueFd> Sandbox::OpenMountNamespace() const {
  char path[64];
  (void)std::snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid_);
  return sys::FollowKernelLink(AT_FDCWD, path, O_RDONLY);
}

bool Sandbox::Runs() const {
  if (!runs_ || killed_ || reaped_) return false;
  const Result<UniqueFd> opened = OpenMountNamespace();
  if (opened.ok()) return true;
  // No other failure says that it has left its namespaces, or is about to: from the moment on that
  // it has no memory, only root of the host may look into it (ptrace(2), "Ptrace access mode
  // checking").
  const int error = opened.failure().error;
  return error != ENOENT && error != ESRCH && error != EACCES;
}

size_t Sandbox::mounts(int* mounts) const {
  size_t count = 0;
  for (const UniqueFd* fd : {&mount_namespace_, &root_, &layer_}) {
    if (fd->valid()) mounts[count++] = fd->get();
  }
  return count;
}

void Sandbox::ReleaseMounts() {
  DiscardImage(layer_.get());
  LeaveMounts();
}

void Sandbox::LeaveMounts() {
  layer_.Reset();
  root_.Reset();
  mount_namespace_.Reset();
}

std::optional<Result<std::string>> Sandbox::TakeOutput() {
  if (*request().output_file == '\0') return std::nullopt;
  // It was killed before there was one.
  if (!output_file_.valid()) return std::string();
  // Closed before its file system is unmounted, which is not the launcher's work.
  const UniqueFd file = std::move(output_file_);
  return ReadOutputFile(file.get());
}

void Sandbox::BeginUsage() {
  if (request().usage) usage_ = std::make_unique<UsageMeter>(pid_, request().usage_interfaces);
}

// It has the same user as the programs inside, who may have taken its time away: who gets no time
// can't end. The filter refuses that; here it is undone where the launcher has the right to.
void Sandbox::GiveTime() const {
  const sched_param parameter{};
  cpu_set_t cpus;
  std::memset(&cpus, 0xff, sizeof(cpus));
  (void)sched_setscheduler(pid_, SCHED_OTHER, &parameter);
  (void)sched_setaffinity(pid_, sizeof(cpus), &cpus);
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(pid_), 0);
}

void Sandbox::Signal(int signal) {
  if (signal == SIGKILL) killed_ = true;
  if (signal == SIGKILL && !reaped_) GiveTime();
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
    const Report::Kind kind = end_.report.kind;
    end_.by_init = kind == Report::Kind::kEnded || kind == Report::Kind::kFailed;
  }
}

}  // namespace sandpiper
