#include "order.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "sys.h"
#include "wire.h"

namespace sandpiper {
namespace {

// SCM_MAX_FD of the kernel, less one for the payload.
constexpr size_t kFdsMax = 252;
constexpr size_t kControlBytes = CMSG_SPACE(sizeof(int) * (kFdsMax + 1));

// Larger payloads are in a file, the last of the descriptors.
struct Head {
  uint32_t in_file;
};

Result<UniqueFd> ToFile(const std::string& payload) {
  UniqueFd file(memfd_create("order", MFD_CLOEXEC));
  if (!file.valid()) return LastFailure("memfd_create", "order");
  size_t done = 0;
  while (done < payload.size()) {
    const ssize_t written = write(file.get(), payload.data() + done, payload.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return LastFailure("write", "order");
    done += static_cast<size_t>(written);
  }
  return file;
}

Status Send(int socket, const Head& head, const std::string& payload, const int* fds,
            size_t count) {
  alignas(cmsghdr) static char control[kControlBytes];
  iovec parts[2] = {{const_cast<Head*>(&head), sizeof(head)},
                    {const_cast<char*>(payload.data()), payload.size()}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = head.in_file != 0 ? 1 : 2;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int) * count);
  std::memcpy(CMSG_DATA(rights), fds, sizeof(int) * count);
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return LastFailure("sendmsg", "init");
  return {};
}

struct Received {
  const char* payload;
  size_t size;
  int fds[kFdsMax + 1];
  size_t fd_count;
};

void TakeFds(msghdr* message, Received* received) {
  const cmsghdr* rights = CMSG_FIRSTHDR(message);
  if (rights == nullptr || rights->cmsg_type != SCM_RIGHTS) return;
  received->fd_count = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  std::memcpy(received->fds, CMSG_DATA(rights), received->fd_count * sizeof(int));
}

Status MapFile(Received* received) {
  if (received->fd_count == 0) return Failure{EBADMSG, "recvmsg", "init"};
  const int file = received->fds[--received->fd_count];
  struct stat info {};
  if (fstat(file, &info) < 0) return LastFailure("fstat", "order");
  received->size = static_cast<size_t>(info.st_size);
  void* memory = mmap(nullptr, received->size, PROT_READ, MAP_PRIVATE, file, 0);
  if (memory == MAP_FAILED) return LastFailure("mmap", "order");
  received->payload = static_cast<const char*>(memory);
  return {};
}

Status Receive(int socket, Received* received) {
  static char buffer[sizeof(Head) + wire::kInlineBytesMax];
  alignas(cmsghdr) static char control[kControlBytes];
  iovec part{buffer, sizeof(buffer)};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ssize_t got = 0;
  do {
    got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return LastFailure("recvmsg", "init");
  if (got == 0) return Failure{ECANCELED, "recvmsg", "init"};
  const bool truncated = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
  if (truncated || static_cast<size_t>(got) < sizeof(Head)) {
    return Failure{EBADMSG, "recvmsg", "init"};
  }
  TakeFds(&message, received);
  Head head{};
  std::memcpy(&head, buffer, sizeof(head));
  if (head.in_file != 0) return MapFile(received);
  received->payload = buffer + sizeof(head);
  received->size = static_cast<size_t>(got) - sizeof(head);
  return {};
}

}  // namespace

std::unique_ptr<Order> Order::Decode(std::string payload) {
  auto order = std::make_unique<Order>();
  order->payload = std::move(payload);
  const std::optional<StartRequest> request =
      DecodeStart(order->payload.data(), order->payload.size(), order->arena);
  if (!request) return nullptr;
  order->request = *request;
  return order;
}

Status SendOrder(int socket, const std::string& payload, const OrderFds& fds) {
  if (fds.size() > kFdsMax) return Failure{E2BIG, "start", "sandbox with over 250 mounts"};
  int numbers[kFdsMax + 1];
  size_t count = 0;
  for (const UniqueFd& fd : fds) numbers[count++] = fd.get();
  UniqueFd file;
  if (payload.size() > wire::kInlineBytesMax) {
    file = TRY(ToFile(payload));
    numbers[count++] = file.get();
  }
  return Send(socket, {file.valid() ? 1U : 0U}, payload, numbers, count);
}

Result<ReceivedOrder> ReceiveOrder(int socket) {
  static Received received;
  static Arena arena;
  static std::optional<StartRequest> request;
  TRY(Receive(socket, &received));
  request = DecodeStart(received.payload, received.size, arena);
  const Failure malformed{EBADMSG, "decode", "order"};
  if (!request) return malformed;
  const size_t workspaces = *request->workspace_target == '\0' ? 0 : 1;
  const size_t binds = request->binds.size();
  if (received.fd_count != 1 + workspaces + binds + request->volumes.size()) return malformed;
  const int* first_bind = received.fds + 1 + workspaces;
  const int workspace = workspaces == 0 ? -1 : received.fds[1];
  return ReceivedOrder{*request, received.fds[0], workspace, first_bind, first_bind + binds};
}

}  // namespace sandpiper
