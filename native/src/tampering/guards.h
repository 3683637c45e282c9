#pragma once

#include <cstdint>

#include "arena.h"

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

// The environment, which ends with a null pointer, without the variable. What that names is taken
// away from everything that this process and its children do until the next time.
[[nodiscard]] sandpiper::List<char*> TakeGuardsAway(const sandpiper::List<char*>& environment);

[[nodiscard]] bool IsOff(Guard guard);

}  // namespace tampering
