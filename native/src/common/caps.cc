#include "caps.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace sandpiper {
namespace {

constexpr uint64_t Bit(unsigned capability) { return CapabilityBit(capability); }

// What containers get by default, without NET_RAW, MKNOD and AUDIT_WRITE.
constexpr uint64_t kKept = Bit(CAP_CHOWN) | Bit(CAP_DAC_OVERRIDE) | Bit(CAP_FOWNER) |
                           Bit(CAP_FSETID) | Bit(CAP_KILL) | Bit(CAP_SETGID) | Bit(CAP_SETUID) |
                           Bit(CAP_SETPCAP) | Bit(CAP_NET_BIND_SERVICE) | Bit(CAP_SYS_CHROOT) |
                           Bit(CAP_SETFCAP);

}  // namespace

Status DropBoundingSetBut(uint64_t kept) {
  for (unsigned capability = 0; capability < 64; capability++) {
    if ((kept & Bit(capability)) != 0) continue;
    // Only asking costs much less than dropping again.
    const int in_set = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
    // The kernel may know more capabilities than the headers: EINVAL is the end of its list.
    if (in_set < 0 && errno == EINVAL) break;
    if (in_set < 0) return LastFailure("prctl PR_CAPBSET_READ", "capability");
    if (in_set == 0) continue;
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    return LastFailure("prctl PR_CAPBSET_DROP", "capability");
  }
  return {};
}

Status SetCapabilities(uint64_t kept) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  for (unsigned word = 0; word < 2; word++) {
    data[word].effective = data[word].permitted = static_cast<uint32_t>(kept >> (32 * word));
  }
  if (syscall(SYS_capset, &header, data) < 0) return LastFailure("capset", "capabilities");
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) {
    return LastFailure("prctl PR_CAP_AMBIENT", "capabilities");
  }
  return {};
}

Status LimitCapabilities() { return DropBoundingSetBut(kKept); }

Status DropCapabilities() {
  TRY(LimitCapabilities());
  return SetCapabilities(kKept);
}

Status DropBoundingSet() { return DropBoundingSetBut(0); }

Status DropAllCapabilities() { return SetCapabilities(0); }

}  // namespace sandpiper
