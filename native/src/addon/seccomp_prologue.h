#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sandpiper {

// Refuses a system call when the low 32 bits of an argument are one of some values. The kernel
// reads many arguments (an ioctl's command, for one) as 32 bits while libseccomp compares all 64,
// so that its "not equal" is passed by setting a high bit.
struct SeccompRefusal {
  uint32_t number;
  uint32_t argument;
  std::vector<uint32_t> values;
  uint32_t action;
};

struct SeccompPrologue {
  // AUDIT_ARCH_* of this machine; what comes from another is left to the filter.
  uint32_t architecture;
  // System calls from this number on are not known to the filter...
  uint32_t unknown_from;
  // ...and answered with this.
  uint32_t unknown_action;
  std::vector<SeccompRefusal> refusals;
};

// Instructions (struct sock_filter) to be put before a filter; they end where it begins.
std::string AssemblePrologue(const SeccompPrologue& prologue);

}  // namespace sandpiper
