#include "message.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace sandpiper {
namespace {

constexpr size_t kControlBytes = CMSG_SPACE(sizeof(int) * kMessageFdsMax);

// A message can bring several lists, though the kernel makes one of them.
size_t TakeFds(msghdr* message, int* fds) {
  size_t taken = 0;
  for (cmsghdr* control = CMSG_FIRSTHDR(message); control != nullptr;
       control = CMSG_NXTHDR(message, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    std::memcpy(fds + taken, CMSG_DATA(control), count * sizeof(int));
    taken += count;
  }
  return taken;
}

}  // namespace

ssize_t SendMessage(int socket, const iovec* parts, size_t part_count, const int* fds,
                    size_t fd_count, int flags) {
  alignas(cmsghdr) static thread_local char control[kControlBytes];
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts);
  message.msg_iovlen = part_count;
  if (fd_count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(sizeof(int) * fd_count);
    std::memset(control, 0, message.msg_controllen);
    cmsghdr* rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * fd_count);
    std::memcpy(CMSG_DATA(rights), fds, sizeof(int) * fd_count);
  }
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket, &message, flags | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent;
}

ReceivedMessage ReceiveMessage(int socket, void* buffer, size_t size, int* fds, int flags) {
  alignas(cmsghdr) static thread_local char control[kControlBytes];
  iovec part{buffer, size};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ssize_t got = 0;
  do {
    got = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return {got, true, 0};
  const bool whole = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  return {got, whole, TakeFds(&message, fds)};
}

}  // namespace sandpiper
