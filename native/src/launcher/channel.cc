#include "channel.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "message.h"

namespace sandpiper {
namespace {

bool ReadPayload(int memfd, uint32_t size, std::string* payload) {
  if (size > wire::kPayloadBytesMax) return false;
  payload->resize(size);
  size_t done = 0;
  while (done < size) {
    const ssize_t got = pread(memfd, payload->data() + done, size - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<size_t>(got);
  }
  return true;
}

// Whether it says nothing about the socket: the frame is still to be had, or to be sent.
bool IsPassing(int error) {
  return error == EAGAIN || error == EINTR || error == ENOMEM || error == ENOBUFS;
}

}  // namespace

Channel::Got Channel::Receive(Frame* frame) {
  static char buffer[wire::kInlineBytesMax + sizeof(wire::RequestHeader)];
  int fds[kMessageFdsMax];
  const ReceivedMessage got =
      ReceiveMessage(socket_.get(), buffer, sizeof(buffer), fds, MSG_DONTWAIT);
  if (got.size < 0) return IsPassing(errno) ? Got::kNothing : Got::kEnd;
  for (size_t i = 0; i < got.fd_count; i++) frame->fds.emplace_back(fds[i]);
  const auto size = static_cast<size_t>(got.size);
  if (size < sizeof(frame->header) || !got.whole || got.fd_count > wire::kFdsMax) return Got::kEnd;
  std::memcpy(&frame->header, buffer, sizeof(frame->header));
  if ((frame->header.flags & wire::kPayloadInMemfd) == 0) {
    frame->payload.assign(buffer + sizeof(frame->header), size - sizeof(frame->header));
    return Got::kFrame;
  }
  if (frame->fds.empty()) return Got::kEnd;
  const UniqueFd memfd = std::move(frame->fds.back());
  frame->fds.pop_back();
  return ReadPayload(memfd.get(), frame->header.size, &frame->payload) ? Got::kFrame : Got::kEnd;
}

void Channel::Send(const wire::Writer& reply) const {
  const std::string& frame = reply.frame();
  while (send(socket_.get(), frame.data(), frame.size(), MSG_NOSIGNAL) < 0) {
    if (IsPassing(errno)) continue;
    // The runner would wait for this one for ever: rather the end, which it is told by the socket.
    (void)shutdown(socket_.get(), SHUT_RDWR);
    return;
  }
}

void Channel::Offer(const wire::Writer& reply) const {
  const std::string& frame = reply.frame();
  (void)send(socket_.get(), frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace sandpiper
