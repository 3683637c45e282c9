#pragma once

#include <cstddef>
#include <cstdint>

// The frames on the control socket between addon and launcher. Both ends are built together, so
// there is no version number; the payloads are built and read in native/lib/wire.
namespace sandpiper::wire {

enum class Request : uint32_t {
  kConfigure = 1,     // answered by kDone or kFailed; the payload is the seccomp filter
  kCreateStage = 2,   // answered by kDone or kFailed
  kDestroyStage = 3,  // answered by kDone or kFailed
  kStart = 4,         // answered by kStarted or kFailed, later kExited; carries the output pipe
  kSignal = 5,        // not answered; to the sandbox or the exec of the frame's id
  kExec = 6,          // answered by kStarted or kFailed, and after kStarted kEnded; carries a pipe
  kMountWorkspace = 7,  // answered by kDone or kFailed
  kAddNetwork = 8,      // answered by kDone or kFailed
  kRunTool = 9,         // as kExec
  kPrepare = 10,        // answered by kDone or kFailed; a number, then as kStart
  kKeepLayers = 11,     // answered by kDone or kFailed
};

enum class Reply : uint32_t {
  kDone = 1,
  kFailed = 2,
  kStarted = 3,
  kExited = 4,
  kCleaned = 5,  // after kExited: its mounts are gone, and its cgroups if the payload begins with
                 // 1; then their name
  kEnded = 6,    // the program of an exec has ended
  kUsage = 7,    // what running sandboxes have used; about several, the frame's id is 0
};

// Set when the payload is in a memfd, the last of the frame's descriptors.
inline constexpr uint32_t kPayloadInMemfd = 1;

struct RequestHeader {
  Request type;
  uint32_t id;
  uint32_t flags;
  uint32_t size;
};

struct ReplyHeader {
  Reply type;
  uint32_t id;
};

// Largest payload that travels in the socket itself.
inline constexpr size_t kInlineBytesMax = size_t{32} * 1024;
// Largest payload at all: room for the longest argument list the kernel takes, and then some.
inline constexpr size_t kPayloadBytesMax = size_t{16} * 1024 * 1024;
// Most descriptors in a frame.
inline constexpr size_t kFdsMax = 4;

}  // namespace sandpiper::wire
