#pragma once

#include <cstdint>

#include "result.h"

namespace sandpiper {

// Fills `directory` with the devices and links of a sandbox's /dev, owned by `owner`. Made once for
// a stage; sandboxes get a read-only view of it. Where device nodes can't be made, in a user
// namespace, the host's own are mounted: `host` is the root of its tree then, else -1.
Status MakeDeviceTemplate(int directory, uint32_t owner, int host);

// Attaches a devpts of its own and a tmpfs of `shm_bytes` to an attached view of the template.
Status MountDeviceFileSystems(int dev, const char* shm_bytes, bool has_tty_group);

}  // namespace sandpiper
