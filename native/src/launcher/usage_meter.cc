#include "usage_meter.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sys.h"
#include "wire.h"

namespace sandpiper {
namespace {

// Enough for some 100 interfaces.
constexpr size_t kDevicesBytesMax = size_t{16} * 1024;
// Of a line of /proc/PID/net/dev (proc_pid_net(5)): the first of 16 is what was received.
constexpr int kSentColumn = 8;
constexpr NetworkBytes kNothingKnown{wire::kUnknown, wire::kUnknown};

UniqueFd OpenDevices(pid_t pid) {
  char path[64];
  (void)std::snprintf(path, sizeof(path), "/proc/%d/net/dev", pid);
  return UniqueFd(open(path, O_RDONLY | O_CLOEXEC));
}

bool IsName(const char* text, size_t size, const char* name) {
  return std::strlen(name) == size && std::memcmp(text, name, size) == 0;
}

bool Counts(const char* name, size_t size, const List<const char*>& interfaces) {
  if (interfaces.empty()) return !IsName(name, size, "lo");
  for (const char* counted : interfaces) {
    if (IsName(name, size, counted)) return true;
  }
  return false;
}

// Adds the counts of a line like `  eth0: 1 2 ...`, which ends with a NUL.
void AddLine(const char* line, const List<const char*>& interfaces, NetworkBytes* sum) {
  const char* name = line + std::strspn(line, " ");
  const char* colon = std::strchr(name, ':');
  if (colon == nullptr) return;
  if (!Counts(name, static_cast<size_t>(colon - name), interfaces)) return;
  uint64_t received = 0;
  uint64_t value = 0;
  char* at = const_cast<char*>(colon) + 1;
  for (int column = 0; column <= kSentColumn; column++) {
    value = std::strtoull(at, &at, 10);
    if (column == 0) received = value;
  }
  sum->received += received;
  sum->sent += value;
}

// An interface that is gone takes its counts with it.
uint64_t Since(uint64_t before, uint64_t now) {
  if (before == wire::kUnknown || now == wire::kUnknown) return wire::kUnknown;
  return now < before ? 0 : now - before;
}

}  // namespace

UsageMeter::UsageMeter(pid_t pid, const List<const char*>& interfaces)
    : started_ns_(sys::MonotonicNs()),
      interfaces_(&interfaces),
      network_devices_(OpenDevices(pid)),
      network_before_(ReadNetwork()) {}

NetworkBytes UsageMeter::MeasureNetwork() const {
  const NetworkBytes now = ReadNetwork();
  return {Since(network_before_.received, now.received), Since(network_before_.sent, now.sent)};
}

const CgroupSampler& UsageMeter::Sampler(const Cgroups& cgroups) {
  if (!sampler_) sampler_.emplace(cgroups);
  return *sampler_;
}

NetworkBytes UsageMeter::ReadNetwork() const {
  if (!network_devices_.valid()) return kNothingKnown;
  char text[kDevicesBytesMax];
  size_t size = 0;
  // One read gives a page at most.
  while (size < sizeof(text)) {
    const ssize_t got =
        pread(network_devices_.get(), text + size, sizeof(text) - size, static_cast<off_t>(size));
    if (got <= 0) break;
    size += static_cast<size_t>(got);
  }
  if (size == 0) return kNothingKnown;
  NetworkBytes sum{};
  char* line = text;
  // What is after the last end of a line is cut off.
  while (auto* end =
             static_cast<char*>(std::memchr(line, '\n', size - static_cast<size_t>(line - text)))) {
    *end = 0;
    AddLine(line, *interfaces_, &sum);
    line = end + 1;
  }
  return sum;
}

}  // namespace sandpiper
