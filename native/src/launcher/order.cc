#include "order.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "message.h"
#include "sys.h"
#include "wire.h"

namespace sandpiper {
namespace {

// Less one for the payload.
constexpr size_t kFdsMax = kMessageFdsMax - 1;
constexpr size_t kOutputs = 2;

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
  const iovec parts[2] = {{const_cast<Head*>(&head), sizeof(head)},
                          {const_cast<char*>(payload.data()), payload.size()}};
  const size_t part_count = head.in_file != 0 ? 1 : 2;
  if (SendMessage(socket, parts, part_count, fds, count, MSG_DONTWAIT) < 0) {
    return LastFailure("sendmsg", "init");
  }
  return {};
}

struct Received {
  const char* payload;
  size_t size;
  int fds[kMessageFdsMax];
  size_t fd_count;
};

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
  const ReceivedMessage got = ReceiveMessage(socket, buffer, sizeof(buffer), received->fds, 0);
  if (got.size < 0) return LastFailure("recvmsg", "init");
  if (got.size == 0) return Failure{ECANCELED, "recvmsg", "init"};
  if (!got.whole || static_cast<size_t>(got.size) < sizeof(Head)) {
    return Failure{EBADMSG, "recvmsg", "init"};
  }
  received->fd_count = got.fd_count;
  Head head{};
  std::memcpy(&head, buffer, sizeof(head));
  if (head.in_file != 0) return MapFile(received);
  received->payload = buffer + sizeof(head);
  received->size = static_cast<size_t>(got.size) - sizeof(head);
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
  const size_t mounts = workspaces + binds + request->volumes.size();
  if (received.fd_count != kOutputs + mounts) return malformed;
  const int* first_bind = received.fds + kOutputs + workspaces;
  const int workspace = workspaces == 0 ? -1 : received.fds[kOutputs];
  const Outputs outputs{received.fds[0], received.fds[1]};
  return ReceivedOrder{*request, outputs, workspace, first_bind, first_bind + binds};
}

}  // namespace sandpiper
