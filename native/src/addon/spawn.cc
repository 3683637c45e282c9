#include "spawn.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace sandpiper {
namespace {

constexpr int kSocket = 3;

// A reply is a packet, which must be smaller than what may be under way (unix_dgram_sendmsg() in
// the kernel): room for the largest, also where the host's default is less.
constexpr int kSendBytes = 256 * 1024;

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class Attributes {
 public:
  Attributes() { posix_spawnattr_init(&attributes_); }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  posix_spawnattr_t* get() { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

int Spawn(const char* path, int socket, pid_t* pid) {
  FileActions actions;
  // First, because the socket may have any number, even one that is written to below.
  int error = posix_spawn_file_actions_adddup2(actions.get(), socket, kSocket);
  for (const int stream : {0, 1}) {
    if (error == 0) {
      error = posix_spawn_file_actions_addopen(actions.get(), stream, "/dev/null", O_RDWR, 0);
    }
  }
  // Onto itself: Node has marked it close-on-exec, and this takes the mark off.
  if (error == 0) error = posix_spawn_file_actions_adddup2(actions.get(), 2, 2);
  Attributes attributes;
  sigset_t all;
  sigset_t none;
  sigfillset(&all);
  sigemptyset(&none);
  posix_spawnattr_setsigdefault(attributes.get(), &all);
  posix_spawnattr_setsigmask(attributes.get(), &none);
  posix_spawnattr_setflags(attributes.get(),
                           POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  char name[] = "sandpiper-launcher";
  char mode[] = "serve";
  char* argv[] = {name, mode, nullptr};
  char* env[] = {nullptr};
  if (error == 0) error = posix_spawn(pid, path, actions.get(), attributes.get(), argv, env);
  return error;
}

}  // namespace

Result<SpawnedLauncher> SpawnLauncher(const std::string& path) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
    return LastFailure("socketpair", "launcher");
  }
  SpawnedLauncher spawned{-1, UniqueFd(), UniqueFd(ends[0])};
  const UniqueFd theirs(ends[1]);
  if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) return LastFailure("fcntl", "launcher");
  if (setsockopt(theirs.get(), SOL_SOCKET, SO_SNDBUF, &kSendBytes, sizeof(kSendBytes)) < 0) {
    return LastFailure("setsockopt", "launcher");
  }
  const int error = Spawn(path.c_str(), theirs.get(), &spawned.pid);
  if (error != 0) return Failure{error, "posix_spawn", "launcher"};
  spawned.pidfd.Reset(static_cast<int>(syscall(SYS_pidfd_open, spawned.pid, 0)));
  if (!spawned.pidfd.valid()) {
    const Failure failure = LastFailure("pidfd_open", "launcher");
    kill(spawned.pid, SIGKILL);
    waitpid(spawned.pid, nullptr, 0);
    return failure;
  }
  return spawned;
}

}  // namespace sandpiper
