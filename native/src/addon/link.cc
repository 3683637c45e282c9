#include "link.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "message.h"

namespace sandpiper {
namespace {

// A reply holds a few cgroup files of a page each, and 64 KiB of an output file.
constexpr size_t kReplyBytesMax = size_t{128} * 1024;

Status WriteAll(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t written = write(fd, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return LastFailure("write", "request");
    data += written;
    size -= static_cast<size_t>(written);
  }
  return {};
}

// A file in memory that nobody can change any more (memfd_create(2), "File-sealing").
Result<UniqueFd> SealedMemory(const char* data, size_t size) {
  UniqueFd memory(memfd_create("request", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.valid()) return LastFailure("memfd_create", "request");
  TRY(WriteAll(memory.get(), data, size));
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (fcntl(memory.get(), F_ADD_SEALS, kSeals) < 0)
    return LastFailure("fcntl F_ADD_SEALS", "request");
  return memory;
}

}  // namespace

Link::Link(SpawnedLauncher launcher, OnReply on_reply, OnEnd on_end)
    : launcher_(std::move(launcher)), on_reply_(std::move(on_reply)), on_end_(std::move(on_end)) {}

bool Link::Start(uv_loop_s* loop) {
  socket_poll_ = UvPoll::Start(loop, launcher_.socket.get(), UvPoll::kReadable,
                               [this](int events) { OnSocket(events); });
  process_poll_ = UvPoll::Start(loop, launcher_.pidfd.get(), UvPoll::kReadable,
                                [this](int) { OnProcessEnd(); });
  return socket_poll_ != nullptr && process_poll_ != nullptr;
}

Status Link::Send(wire::Request type, uint32_t id, const char* payload, size_t size,
                  std::vector<UniqueFd> fds) {
  if (!launcher_.socket.valid()) return Failure{EPIPE, "sendmsg", "launcher"};
  if (size > wire::kPayloadBytesMax) return Failure{E2BIG, "sendmsg", "launcher"};
  Outgoing outgoing = TRY(Pack(type, id, payload, size, std::move(fds)));
  if (queue_.empty()) {
    const Status sent = SendNow(outgoing);
    if (sent.ok() || sent.failure().error != EAGAIN) return sent;
  }
  queue_.push_back(std::move(outgoing));
  socket_poll_->Watch(UvPoll::kReadable | UvPoll::kWritable);
  return {};
}

Result<Link::Outgoing> Link::Pack(wire::Request type, uint32_t id, const char* payload, size_t size,
                                  std::vector<UniqueFd> fds) const {
  Outgoing outgoing;
  wire::RequestHeader header{type, id, 0, static_cast<uint32_t>(size)};
  outgoing.fds = std::move(fds);
  const bool is_inline = size <= wire::kInlineBytesMax;
  if (!is_inline) {
    header.flags = wire::kPayloadInMemfd;
    outgoing.fds.push_back(TRY(SealedMemory(payload, size)));
  }
  outgoing.frame.resize(sizeof(header) + (is_inline ? size : 0));
  std::memcpy(outgoing.frame.data(), &header, sizeof(header));
  if (is_inline && size > 0) std::memcpy(outgoing.frame.data() + sizeof(header), payload, size);
  return outgoing;
}

Status Link::SendNow(const Outgoing& outgoing) const {
  const iovec part{const_cast<char*>(outgoing.frame.data()), outgoing.frame.size()};
  int fds[wire::kFdsMax];
  size_t count = 0;
  for (const UniqueFd& fd : outgoing.fds) fds[count++] = fd.get();
  if (SendMessage(launcher_.socket.get(), &part, 1, fds, count, 0) < 0) {
    return LastFailure("sendmsg", "launcher");
  }
  return {};
}

void Link::OnSocket(int events) {
  if ((events & UvPoll::kWritable) != 0) FlushQueue();
  if ((events & UvPoll::kReadable) != 0) ReadReplies();
}

void Link::FlushQueue() {
  while (!queue_.empty()) {
    const Status sent = SendNow(queue_.front());
    if (!sent.ok() && sent.failure().error == EAGAIN) return;
    // Any other failure is the launcher's end, which OnProcessEnd tells.
    queue_.pop_front();
  }
  if (socket_poll_) socket_poll_->Watch(UvPoll::kReadable);
}

void Link::ReadReplies() {
  static char buffer[kReplyBytesMax];
  while (launcher_.socket.valid()) {
    const ssize_t got = recv(launcher_.socket.get(), buffer, sizeof(buffer), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return Close();
    on_reply_(buffer, static_cast<size_t>(got));
  }
}

void Link::Close() {
  socket_poll_.reset();
  queue_.clear();
  launcher_.socket.Reset();
}

void Link::OnProcessEnd() {
  siginfo_t info{};
  if (waitid(P_PIDFD, static_cast<id_t>(launcher_.pidfd.get()), &info, WEXITED | WNOHANG) < 0 ||
      info.si_pid == 0) {
    return;
  }
  ReadReplies();
  Close();
  process_poll_.reset();
  launcher_.pidfd.Reset();
  on_end_(info.si_status);
}

}  // namespace sandpiper
