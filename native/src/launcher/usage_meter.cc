#include "usage_meter.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "sys.h"

namespace sandpiper {
namespace {

// Enough for some 100 interfaces.
constexpr size_t kDevicesBytesMax = size_t{16} * 1024;

UniqueFd OpenDevices(pid_t pid) {
  char path[64];
  (void)std::snprintf(path, sizeof(path), "/proc/%d/net/dev", pid);
  return UniqueFd(open(path, O_RDONLY | O_CLOEXEC));
}

}  // namespace

UsageMeter::UsageMeter(pid_t pid)
    : started_ns_(sys::MonotonicNs()),
      network_devices_(OpenDevices(pid)),
      network_before_(ReadNetwork()) {}

std::string UsageMeter::ReadNetwork() const {
  if (!network_devices_.valid()) return {};
  char text[kDevicesBytesMax];
  size_t size = 0;
  // One read gives a page at most.
  while (size < sizeof(text)) {
    const ssize_t got =
        pread(network_devices_.get(), text + size, sizeof(text) - size, static_cast<off_t>(size));
    if (got <= 0) break;
    size += static_cast<size_t>(got);
  }
  return {text, size};
}

}  // namespace sandpiper
