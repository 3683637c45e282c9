#pragma once

#include "result.h"

namespace sandpiper {

// Whether the calling process is outside of the host's own user namespace. Its root has no say
// there over what belongs to the host: it can't make device nodes, nor map the ids of the host's
// disks.
Result<bool> IsInUserNamespace();

// From the launcher's view of the machine to the stage's: an empty mount namespace of its own that
// belongs to the stage's user namespace, with the ids of its root.
Status JoinStage(int blank, int user_namespace);

// From the launcher's view of the machine to the host's own tree, with the rights of the stage's
// root.
Status JoinTools(int tools, int user_namespace);

// From the launcher's view of the machine to that of a sandbox, given by its init's pidfd: all its
// namespaces, the pid namespace for children only, and the ids of its root. ESRCH when the init has
// ended.
Status JoinSandbox(int init);

}  // namespace sandpiper
