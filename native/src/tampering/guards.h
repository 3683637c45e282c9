#pragma once

#include <cstdint>
#include <vector>

// The protections that the tampered launcher can leave out. It is the launcher's own object files,
// linked with what is in this directory in between (ld(1), --wrap), and exists for tests only: a
// test of a protection is worth something when it is seen to fail without it.
//
// A request for a sandbox, or for a program in one, names in the environment variable below what is
// left out of it, separated by commas. Nothing else is changed. The product has neither this
// variable nor this code.
namespace tampering {

enum class Guard : uint32_t {
  kSeccomp,
  kCapabilities,
  kBoundingSet,
  kNoNewPrivs,
  kUndumpable,
  kUserNamespace,
  kPidNamespace,
  kIpcNamespace,
  kUtsNamespace,
  kNetworkNamespace,
  kCgroupNamespace,
  kBlankNamespace,
  kOldRoot,
  kMasks,
  kReadOnly,
  kNoDevices,
  kNoSetuid,
  kCloseRange,
  kCloseOnExec,
  kResolve,
  kPlaceCheck,
  kSession,
  kCgroups,
  kRlimits,
};

// Takes the variable out of an environment that ends with a null pointer, and what it names away
// from everything that this process and its children do until the next time.
void TakeGuardsAway(std::vector<char*>& environment);

[[nodiscard]] bool IsOff(Guard guard);

}  // namespace tampering
