#include "janitor.h"

#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "cgroup.h"
#include "image.h"
#include "message.h"
#include "sys.h"

namespace sandpiper {
namespace {

using Kind = Janitor::Done::Kind;

constexpr size_t kMountsMax = 3;
// Cgroups of one sandbox, in some ten hierarchies at most; or the two paths of an image.
constexpr size_t kPathsBytesMax = size_t{64} * 1024;

// What it is to do, before the paths.
struct Job {
  Kind kind;
  uint32_t id;
};

// What it tells when that is done.
struct Reply {
  Job job;
  uint32_t all;
};

// Descriptors of mounts, the last of which may be that of an image.
void Release(const int* mounts, size_t count) {
  if (count == kMountsMax) DiscardImage(mounts[kMountsMax - 1]);
  for (size_t i = 0; i < count; i++) (void)close(mounts[i]);
}

UniqueFd Mount(int host, const char* paths) {
  Result<UniqueFd> made = MountImage({host, paths, paths + std::strlen(paths) + 1});
  return made.ok() ? made.Take() : UniqueFd();
}

bool Tell(int socket, const Reply& reply, const UniqueFd& image) {
  const iovec part{const_cast<Reply*>(&reply), sizeof(reply)};
  const int fd = image.get();
  return SendMessage(socket, &part, 1, &fd, image.valid() ? 1 : 0, 0) >= 0;
}

// Until the launcher closes its end.
[[noreturn]] void Serve(int host, int socket) {
  static char buffer[sizeof(Job) + kPathsBytesMax];
  static int fds[kMessageFdsMax];
  while (true) {
    // Less than the buffer, so that the last path always ends.
    const ReceivedMessage got = ReceiveMessage(socket, buffer, sizeof(buffer) - 2, fds, 0);
    if (got.size < static_cast<ssize_t>(sizeof(Job))) _exit(0);
    Reply reply{};
    std::memcpy(&reply.job, buffer, sizeof(reply.job));
    const char* paths = buffer + sizeof(reply.job);
    const auto size = static_cast<size_t>(got.size) - sizeof(reply.job);
    Release(fds, got.fd_count);
    UniqueFd image;
    if (reply.job.kind == Kind::kImage) {
      image = Mount(host, paths);
    } else {
      reply.all = RemoveCgroupPaths(host, paths, size) ? 1 : 0;
    }
    // What can't be told would be waited for; without a janitor the launcher sees to it itself.
    if (!Tell(socket, reply, image)) _exit(1);
  }
}

Status Prepare(const World& world) {
  (void)prctl(PR_SET_NAME, "sandpiper-janitor");
  return DieWithLauncher(world, "janitor");
}

bool Send(int socket, const Job& job, const std::string& paths, const int* fds, size_t count) {
  const iovec parts[2] = {{const_cast<Job*>(&job), sizeof(job)},
                          {const_cast<char*>(paths.data()), paths.size()}};
  return paths.size() < kPathsBytesMax - 2 &&
         SendMessage(socket, parts, 2, fds, count, MSG_DONTWAIT) >= 0;
}

}  // namespace

Status Janitor::Start(const World& world) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
    return LastFailure("socketpair", "janitor");
  }
  UniqueFd ours(ends[0]);
  const UniqueFd theirs(ends[1]);
  const long pid = syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (pid < 0) return LastFailure("clone", "janitor");
  if (pid == 0) {
    const int host = world.host.get();
    if (!Prepare(world).ok() || !sys::CloseAllBut({host, theirs.get()}).ok()) _exit(1);
    Serve(host, theirs.get());
  }
  process_ = Child(static_cast<pid_t>(pid), UniqueFd());
  socket_ = std::move(ours);
  return {};
}

void Janitor::Stop() {
  socket_.Reset();
  if (!process_.valid()) return;
  while (waitpid(process_.pid(), nullptr, 0) < 0 && errno == EINTR) {
  }
  (void)process_.Reaped(process_.pid());
}

bool Janitor::Clean(uint32_t id, Sandbox& sandbox, const World& world, bool* all) {
  const std::string paths = CgroupPaths(sandbox.cgroups(world));
  int mounts[kMountsMax];
  const size_t count = sandbox.mounts(mounts);
  const bool sent =
      socket_.valid() && Send(socket_.get(), {Kind::kCleaned, id}, paths, mounts, count);
  if (sent) {
    jobs_[id] = paths;
    sandbox.LeaveMounts();
    return true;
  }
  sandbox.ReleaseMounts();
  *all = RemoveCgroupPaths(world.host.get(), paths.data(), paths.size());
  return false;
}

bool Janitor::MakeImage(uint32_t id, const char* pattern, const char* directory) {
  const std::string paths = std::string(pattern) + '\0' + directory + '\0';
  return socket_.valid() && Send(socket_.get(), {Kind::kImage, id}, paths, nullptr, 0);
}

bool Janitor::Next(Done* done) {
  Reply reply{};
  int fds[kMessageFdsMax];
  const ReceivedMessage got =
      ReceiveMessage(socket_.get(), &reply, sizeof(reply), fds, MSG_DONTWAIT);
  if (got.size != static_cast<ssize_t>(sizeof(reply))) return false;
  const auto [kind, id] = reply.job;
  if (kind == Kind::kCleaned) jobs_.erase(id);
  *done = {kind, id, reply.all != 0, UniqueFd(got.fd_count > 0 ? fds[0] : -1)};
  return true;
}

bool Janitor::Reaped(pid_t pid) { return process_.Reaped(pid); }

bool Janitor::DoAbandoned(const World& world, uint32_t* id, bool* all) {
  if (process_.valid()) return false;
  socket_.Reset();
  const auto job = jobs_.begin();
  if (job == jobs_.end()) return false;
  *id = job->first;
  *all = RemoveCgroupPaths(world.host.get(), job->second.data(), job->second.size());
  jobs_.erase(job);
  return true;
}

}  // namespace sandpiper
