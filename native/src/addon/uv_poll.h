#pragma once

#include <functional>
#include <memory>

// libuv's loop, as napi_get_uv_event_loop gives it.
struct uv_loop_s;

namespace sandpiper {

// Watches a descriptor on Node's event loop (uv_poll_t). Nothing polls and nothing blocks.
class UvPoll {
 public:
  enum Events { kReadable = 1, kWritable = 2 };
  using Callback = std::function<void(int events)>;

  // Null when libuv refuses the descriptor.
  static std::unique_ptr<UvPoll> Start(uv_loop_s* loop, int fd, int events, Callback callback);
  UvPoll(const UvPoll&) = delete;
  UvPoll& operator=(const UvPoll&) = delete;
  // Stops watching. May be called from within the callback.
  ~UvPoll();

  void Watch(int events);

 private:
  struct Handle;
  explicit UvPoll(Handle* handle) : handle_(handle) {}

  Handle* handle_;
};

}  // namespace sandpiper
