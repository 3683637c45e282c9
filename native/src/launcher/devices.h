#pragma once

#include <cstdint>

#include "result.h"

namespace sandpiper {

// Fills `directory` with the device nodes and links of a sandbox's /dev, owned by `owner`. Made
// once for a stage; sandboxes get a read-only view of it.
Status MakeDeviceTemplate(int directory, uint32_t owner);

// Attaches a devpts of its own and a tmpfs of `shm_bytes` to an attached view of the template.
Status MountDeviceFileSystems(int dev, const char* shm_bytes, bool has_tty_group);

}  // namespace sandpiper
