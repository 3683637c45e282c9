#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>

namespace sandpiper {

// Most descriptors in one message: SCM_MAX_FD of the kernel.
inline constexpr size_t kMessageFdsMax = 253;

// sendmsg(2) of `parts` with descriptors (unix(7), SCM_RIGHTS), again when it was interrupted. A
// reader that is gone is EPIPE and no signal. Allocates nothing.
ssize_t SendMessage(int socket, const iovec* parts, size_t part_count, const int* fds,
                    size_t fd_count, int flags);

// What ReceiveMessage got. The descriptors are the caller's, and close-on-exec.
struct ReceivedMessage {
  // As recvmsg(2) returns it: 0 is the end, -1 a failure.
  ssize_t size;
  // Neither the bytes nor the descriptors were more than there was room for.
  bool whole;
  size_t fd_count;
};

// recvmsg(2) into `buffer`, again when it was interrupted. `fds` has room for kMessageFdsMax.
// Allocates nothing.
ReceivedMessage ReceiveMessage(int socket, void* buffer, size_t size, int* fds, int flags);

}  // namespace sandpiper
