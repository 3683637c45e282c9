#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "frame.h"
#include "result.h"
#include "spawn.h"
#include "unique_fd.h"
#include "uv_poll.h"

namespace sandpiper {

// The addon's end of a launcher: sends requests, hands out replies, sees the process end.
class Link {
 public:
  using OnReply = std::function<void(const char* data, size_t size)>;
  // The launcher's wait status. Called once, after the last reply.
  using OnEnd = std::function<void(int status)>;

  Link(SpawnedLauncher launcher, OnReply on_reply, OnEnd on_end);
  // Begins to watch; false when libuv refuses.
  bool Start(uv_loop_s* loop);

  // Queues what the socket does not take at once.
  Status Send(wire::Request type, uint32_t id, const char* payload, size_t size,
              std::vector<UniqueFd> fds);
  // Closes our end, upon which the launcher kills its sandboxes and ends.
  void Close();
  [[nodiscard]] pid_t pid() const { return launcher_.pid; }

 private:
  struct Outgoing {
    std::vector<char> frame;
    std::vector<UniqueFd> fds;
  };

  Result<Outgoing> Pack(wire::Request type, uint32_t id, const char* payload, size_t size,
                        std::vector<UniqueFd> fds) const;
  Status SendNow(const Outgoing& outgoing) const;
  void OnSocket(int events);
  void ReadReplies();
  void FlushQueue();
  void OnProcessEnd();

  SpawnedLauncher launcher_;
  OnReply on_reply_;
  OnEnd on_end_;
  std::deque<Outgoing> queue_;
  std::unique_ptr<UvPoll> socket_poll_;
  std::unique_ptr<UvPoll> process_poll_;
};

}  // namespace sandpiper
