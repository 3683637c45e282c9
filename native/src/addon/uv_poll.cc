#include "uv_poll.h"

#include <cstdlib>
#include <utility>

// The part of libuv's interface that is used here. Its headers are not in node-api-headers and not
// on every machine; the functions are in the node binary, and libuv keeps their binary interface
// for all of version 1 (docs.libuv.org, "Versioning").
extern "C" {
struct uv_poll_s;
using uv_poll_cb = void (*)(uv_poll_s*, int status, int events);
using uv_close_cb = void (*)(uv_poll_s*);
size_t uv_handle_size(int type);
int uv_poll_init(uv_loop_s* loop, uv_poll_s* handle, int fd);
int uv_poll_start(uv_poll_s* handle, int events, uv_poll_cb callback);
void uv_close(uv_poll_s* handle, uv_close_cb callback);
void* uv_handle_get_data(const uv_poll_s* handle);
void uv_handle_set_data(uv_poll_s* handle, void* data);
}

namespace sandpiper {
namespace {

// UV_POLL in uv_handle_type.
constexpr int kPollHandleType = 8;

}  // namespace

// Lives until libuv has closed the handle, which is later than its UvPoll.
struct UvPoll::Handle {
  uv_poll_s* poll;
  Callback callback;

  static void OnEvent(uv_poll_s* poll, int status, int events) {
    auto* self = static_cast<Handle*>(uv_handle_get_data(poll));
    // An error is reported as readable: the read then says which.
    const Callback callback = self->callback;
    if (callback) callback(status < 0 ? kReadable : events);
  }
  static void OnClosed(uv_poll_s* poll) {
    delete static_cast<Handle*>(uv_handle_get_data(poll));
    std::free(poll);
  }
};

std::unique_ptr<UvPoll> UvPoll::Start(uv_loop_s* loop, int fd, int events, Callback callback) {
  auto* poll = static_cast<uv_poll_s*>(std::calloc(1, uv_handle_size(kPollHandleType)));
  if (poll == nullptr) return nullptr;
  if (uv_poll_init(loop, poll, fd) != 0) {
    std::free(poll);
    return nullptr;
  }
  auto* handle = new Handle{poll, std::move(callback)};
  uv_handle_set_data(poll, handle);
  std::unique_ptr<UvPoll> self(new UvPoll(handle));
  self->Watch(events);
  return self;
}

UvPoll::~UvPoll() {
  handle_->callback = nullptr;
  uv_close(handle_->poll, Handle::OnClosed);
}

void UvPoll::Watch(int events) { uv_poll_start(handle_->poll, events, Handle::OnEvent); }

}  // namespace sandpiper
