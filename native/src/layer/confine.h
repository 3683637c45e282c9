#pragma once

#include <cstdint>
#include <initializer_list>

#include "result.h"
#include "system_calls.h"

namespace sandpiper {

// What a process is to be left with.
struct Confinement {
  // The directory that becomes its root, without what is mounted below it. Null: an empty one.
  const char* root;
  bool read_only;
  // Capabilities, as in caps.h.
  uint64_t capabilities;
  // Descriptors that it may have open at once, and bytes of memory of its own.
  unsigned descriptors_max;
  uint64_t memory_bytes_max;
  // The only descriptors that stay.
  std::initializer_list<int> kept;
  const SystemCalls& calls;
};

// Gives up all rights and sights but those, in this order: what is left could not be undone before.
//
// Mount, network, ipc, uts and cgroup namespaces of its own, with the directory as root and nothing
// else; no further process (RLIMIT_NPROC does not hold root, the filter does: so it needs no pid
// namespace, as it can't signal either); no program that it could execute brings rights back
// (securebits, bounding set, no_new_privs); links are not followed at all (MOUNT_ATTR_NOSYMFOLLOW);
// and the filter ends it at any call that is not in the list. It ends with its parent.
//
// It takes CAP_SYS_ADMIN in the process's own user namespace, which need not be the host's.
Status Confine(const Confinement& confinement);

}  // namespace sandpiper
