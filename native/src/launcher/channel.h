#pragma once

#include <string>
#include <vector>

#include "unique_fd.h"
#include "wire.h"

namespace sandpiper {

// A request as it came off the socket.
struct Frame {
  wire::RequestHeader header{};
  std::string payload;
  std::vector<UniqueFd> fds;
};

// The launcher's end of the control socket (SOCK_SEQPACKET).
class Channel {
 public:
  enum class Got { kFrame, kNothing, kEnd };

  explicit Channel(UniqueFd socket) : socket_(std::move(socket)) {}
  [[nodiscard]] int fd() const { return socket_.get(); }

  // The next frame, if one is there. A malformed one is the end: nobody but the runner writes here.
  Got Receive(Frame* frame);
  // Waits while the socket is full. What can't be sent is the end of the conversation, as it is
  // when the runner has gone.
  void Send(const wire::Writer& reply) const;
  // Sends what may get lost: nothing is sent while the socket is full.
  void Offer(const wire::Writer& reply) const;

 private:
  UniqueFd socket_;
};

}  // namespace sandpiper
