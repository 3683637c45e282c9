#include "janitor.h"

#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "image.h"
#include "sys.h"

namespace sandpiper {
namespace {

constexpr size_t kMountsMax = 3;
// Cgroups of one sandbox, in some ten hierarchies at most.
constexpr size_t kPathsBytesMax = size_t{64} * 1024;

struct Done {
  uint32_t id;
  uint32_t all;
};

// Whether all of the directories are gone.
bool Remove(int host, const char* paths, size_t size) {
  bool all = true;
  for (const char* path = paths; path < paths + size; path += std::strlen(path) + 1) {
    all = (unlinkat(host, path, AT_REMOVEDIR) == 0 || errno == ENOENT) && all;
  }
  return all;
}

// Descriptors of mounts, the last of which may be that of an image.
void Release(const int* mounts, size_t count) {
  if (count == kMountsMax) DiscardImage(mounts[kMountsMax - 1]);
  for (size_t i = 0; i < count; i++) (void)close(mounts[i]);
}

size_t TakeFds(msghdr* message, int* fds) {
  const cmsghdr* rights = CMSG_FIRSTHDR(message);
  if (rights == nullptr || rights->cmsg_type != SCM_RIGHTS) return 0;
  const size_t count = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  std::memcpy(fds, CMSG_DATA(rights), count * sizeof(int));
  return count;
}

// Until the launcher closes its end.
[[noreturn]] void Serve(int host, int socket) {
  static char buffer[sizeof(uint32_t) + kPathsBytesMax];
  alignas(cmsghdr) static char control[CMSG_SPACE(sizeof(int) * kMountsMax)];
  while (true) {
    iovec part{buffer, sizeof(buffer) - 1};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    const ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got < static_cast<ssize_t>(sizeof(uint32_t))) _exit(0);
    int mounts[kMountsMax];
    Release(mounts, TakeFds(&message, mounts));
    Done done{};
    std::memcpy(&done.id, buffer, sizeof(done.id));
    const bool all =
        Remove(host, buffer + sizeof(done.id), static_cast<size_t>(got) - sizeof(done.id));
    done.all = all ? 1 : 0;
    // What can't be told would be waited for; without a janitor the launcher sees to it itself.
    if (send(socket, &done, sizeof(done), MSG_NOSIGNAL) < 0) _exit(1);
  }
}

Status Prepare(const World& world) {
  (void)prctl(PR_SET_NAME, "sandpiper-janitor");
  return DieWithLauncher(world, "janitor");
}

bool Send(int socket, const std::string& text, const int* fds, size_t count) {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * kMountsMax)] = {};
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
    std::memcpy(CMSG_DATA(rights), fds, sizeof(int) * count);
  }
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent >= 0;
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
  const std::string text = std::string(reinterpret_cast<const char*>(&id), sizeof(id)) + paths;
  const bool sent = socket_.valid() && Send(socket_.get(), text, mounts, count);
  if (sent) {
    jobs_[id] = paths;
    sandbox.LeaveMounts();
    return true;
  }
  sandbox.ReleaseMounts();
  *all = Remove(world.host.get(), paths.data(), paths.size());
  return false;
}

bool Janitor::Next(uint32_t* id, bool* all) {
  Done done{};
  ssize_t got = 0;
  do {
    got = recv(socket_.get(), &done, sizeof(done), MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof(done))) return false;
  jobs_.erase(done.id);
  *id = done.id;
  *all = done.all != 0;
  return true;
}

bool Janitor::Reaped(pid_t pid) { return process_.Reaped(pid); }

bool Janitor::DoAbandoned(const World& world, uint32_t* id, bool* all) {
  if (process_.valid()) return false;
  socket_.Reset();
  const auto job = jobs_.begin();
  if (job == jobs_.end()) return false;
  *id = job->first;
  *all = Remove(world.host.get(), job->second.data(), job->second.size());
  jobs_.erase(job);
  return true;
}

}  // namespace sandpiper
