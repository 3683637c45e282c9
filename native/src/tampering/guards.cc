#include "guards.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace tampering {
namespace {

constexpr char kVariable[] = "SANDPIPER_TEST_GUARDS_OFF=";

constexpr struct {
  Guard guard;
  const char* name;
} kNames[] = {{Guard::kSeccomp, "seccomp"},
              {Guard::kCapabilities, "capabilities"},
              {Guard::kBoundingSet, "bounding-set"},
              {Guard::kNoNewPrivs, "no-new-privs"},
              {Guard::kUndumpable, "undumpable"},
              {Guard::kUserNamespace, "user-namespace"},
              {Guard::kPidNamespace, "pid-namespace"},
              {Guard::kIpcNamespace, "ipc-namespace"},
              {Guard::kUtsNamespace, "uts-namespace"},
              {Guard::kNetworkNamespace, "network-namespace"},
              {Guard::kCgroupNamespace, "cgroup-namespace"},
              {Guard::kBlankNamespace, "blank-namespace"},
              {Guard::kOldRoot, "old-root"},
              {Guard::kMasks, "masks"},
              {Guard::kReadOnly, "read-only"},
              {Guard::kNoDevices, "nodev"},
              {Guard::kNoSetuid, "nosuid"},
              {Guard::kCloseRange, "close-range"},
              {Guard::kCloseOnExec, "close-on-exec"},
              {Guard::kResolve, "resolve"},
              {Guard::kPlaceCheck, "place-check"},
              {Guard::kSession, "session"},
              {Guard::kCgroups, "cgroups"},
              {Guard::kRlimits, "rlimits"}};

uint32_t off = 0;

uint32_t Bit(Guard guard) { return uint32_t{1} << static_cast<uint32_t>(guard); }

// A name that is not known is a mistake in the test: it must not look as if the guard held.
uint32_t Parse(const char* names) {
  uint32_t bits = 0;
  while (*names != '\0') {
    const size_t size = std::strcspn(names, ",");
    uint32_t bit = 0;
    for (const auto& known : kNames) {
      const bool same =
          std::strlen(known.name) == size && std::strncmp(known.name, names, size) == 0;
      if (same) bit = Bit(known.guard);
    }
    if (bit == 0) std::abort();
    bits |= bit;
    names += size;
    if (*names == ',') names++;
  }
  return bits;
}

}  // namespace

sandpiper::List<char*> TakeGuardsAway(const sandpiper::List<char*>& environment) {
  off = 0;
  for (size_t i = 0; i < environment.size(); i++) {
    const char* variable = environment[i];
    const bool found =
        variable != nullptr && std::strncmp(variable, kVariable, sizeof(kVariable) - 1) == 0;
    if (!found) continue;
    off = Parse(variable + sizeof(kVariable) - 1);
    // It was made to be read only, but in memory of the launcher's own.
    auto** variables = const_cast<char**>(environment.data());
    std::copy(variables + i + 1, variables + environment.size(), variables + i);
    return {environment.data(), environment.size() - 1};
  }
  return environment;
}

bool IsOff(Guard guard) { return (off & Bit(guard)) != 0; }

}  // namespace tampering
