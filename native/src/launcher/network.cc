#include "network.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "sys.h"

namespace sandpiper {
namespace {

constexpr size_t kStackBytes = size_t{64} * 1024;

// Shared with the maker by CLONE_VM.
struct Making {
  int user_namespace;
  int network_namespace;
  // Open while the maker uses it: it stays in the table when the maker is killed.
  int socket;
  Failure failure;
};

Status MakeNetwork(int* open_fd);

Status MakeInside(Making* making) {
  TRY(sys::SetNamespace(making->user_namespace, CLONE_NEWUSER, "user namespace"));
  TRY(MakeNetwork(&making->socket));
  UniqueFd made = TRY(sys::Open(AT_FDCWD, "/proc/self/ns/net", O_RDONLY, 0));
  making->network_namespace = made.Release();
  return {};
}

int RunMaker(void* argument) {
  auto* making = static_cast<Making*>(argument);
  making->failure = MakeInside(making).failure();
  return 0;
}

// `open_fd` is the descriptor that is open meanwhile, for whoever shares the table and outlives us.
Status RaiseLoopback(int* open_fd) {
  const UniqueFd socket_fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket_fd.valid()) return LastFailure("socket", "AF_INET");
  *open_fd = socket_fd.get();
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  const int raised = ioctl(socket_fd.get(), SIOCSIFFLAGS, &request);
  *open_fd = -1;
  if (raised < 0) return LastFailure("ioctl SIOCSIFFLAGS", "lo");
  return {};
}

// Where /proc/sys can't be written it stays as it is.
void WriteSetting(const char* path, const char* value) {
  Result<UniqueFd> file = sys::OpenKernelFile(AT_FDCWD, path, O_WRONLY);
  if (file.ok()) (void)sys::Write(file.Take().get(), value, std::strlen(value), path);
}

// Images whose user is not root count on low ports and on ping without a raw socket: Docker allows
// both in its networks too. The groups are those of the stage, which has these at least.
void OpenToAnybody() {
  WriteSetting("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
  WriteSetting("/proc/sys/net/ipv4/ping_group_range", "0 65535");
}

Status Open(int* open_fd) {
  OpenToAnybody();
  return RaiseLoopback(open_fd);
}

Status MakeNetwork(int* open_fd) {
  TRY(sys::Unshare(CLONE_NEWNET, "network namespace"));
  return Open(open_fd);
}

}  // namespace

Status NewNetwork() {
  int open_fd = -1;
  return MakeNetwork(&open_fd);
}

Status OpenNetwork() {
  int open_fd = -1;
  return Open(&open_fd);
}

// A namespace belongs to the user namespace of the process that makes it, and there is no way back
// out of one: so another process makes it, and leaves the descriptor in the table that both share.
Result<UniqueFd> MakeNetworkIn(int user_namespace) {
  alignas(16) static char stack[kStackBytes];
  Making making{user_namespace, -1, -1, {}};
  const pid_t maker = clone(RunMaker, stack + sizeof(stack),
                            CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &making);
  if (maker < 0) return LastFailure("clone", "network");
  while (waitpid(maker, nullptr, 0) < 0 && errno == EINTR) {
  }
  UniqueFd made(making.network_namespace);
  const UniqueFd left(making.socket);
  if (making.failure.error != 0) return making.failure;
  if (!made.valid()) return Failure{ECANCELED, "clone", "network"};
  return made;
}

Status NewNetworkOf(int user_namespace) {
  const UniqueFd made = TRY(MakeNetworkIn(user_namespace));
  return sys::SetNamespace(made.get(), CLONE_NEWNET, "network namespace");
}

}  // namespace sandpiper
