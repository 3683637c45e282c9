#include "network.h"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "sys.h"

namespace sandpiper {

Status NewNetwork() {
  TRY(sys::Unshare(CLONE_NEWNET, "network namespace"));
  const UniqueFd socket_fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket_fd.valid()) return LastFailure("socket", "AF_INET");
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  if (ioctl(socket_fd.get(), SIOCSIFFLAGS, &request) < 0)
    return LastFailure("ioctl SIOCSIFFLAGS", "lo");
  return {};
}

}  // namespace sandpiper
