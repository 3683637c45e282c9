#include "confined.h"

#include <linux/capability.h>
#include <unistd.h>

#include <cstdint>

#include "caps.h"
#include "confine.h"

namespace sandpiper {
namespace {

// No MKNOD: overlayfs's whiteouts are no devices to the kernel, and there are no others.
constexpr uint64_t kWritersRights = CapabilityBit(CAP_CHOWN) | CapabilityBit(CAP_DAC_OVERRIDE) |
                                    CapabilityBit(CAP_FOWNER) | CapabilityBit(CAP_FSETID) |
                                    CapabilityBit(CAP_SETFCAP);
constexpr uint64_t kMiB = uint64_t{1} << 20;

}  // namespace

Status ConfineReader(const char* root) {
  return Confine({.root = root,
                  .read_only = true,
                  .capabilities = CapabilityBit(CAP_DAC_READ_SEARCH),
                  .descriptors_max = 128,
                  .memory_bytes_max = 1024 * kMiB,
                  .kept = {STDOUT_FILENO, STDERR_FILENO},
                  .calls = kReadingCalls});
}

Status ConfineWriter(const char* root) {
  return Confine({.root = root,
                  .read_only = false,
                  .capabilities = kWritersRights,
                  .descriptors_max = 32,
                  .memory_bytes_max = 1024 * kMiB,
                  .kept = {STDIN_FILENO, STDERR_FILENO},
                  .calls = kWritingCalls});
}

// zstd says in a frame how much it wants, and the library gives it 128 MiB at most.
Status ConfineFilter() {
  return Confine({.root = nullptr,
                  .read_only = true,
                  .capabilities = 0,
                  .descriptors_max = 4,
                  .memory_bytes_max = 512 * kMiB,
                  .kept = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO},
                  .calls = kPlainCalls});
}

}  // namespace sandpiper
