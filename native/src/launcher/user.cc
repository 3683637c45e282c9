#include "user.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "caps.h"

namespace sandpiper {
namespace {

Status Check(long result, const char* call, const char* object) {
  if (result < 0) return LastFailure(call, object);
  return {};
}

// The system calls themselves: the library's functions look for threads.
Status SetIds(const UserRequest& user) {
  TRY(Check(syscall(SYS_setgroups, user.groups.size(), user.groups.data()), "setgroups", "user"));
  TRY(Check(syscall(SYS_setresgid, user.gid, user.gid, user.gid), "setresgid", "user"));
  return Check(syscall(SYS_setresuid, user.uid, user.uid, user.uid), "setresuid", "user");
}

}  // namespace

Status BecomeUser(const UserRequest& user) {
  const bool is_root = user.uid == 0;
  if (!is_root) TRY(DropBoundingSet());
  // The change of ids makes the process dumpable again where fs.suid_dumpable is 1. Until that is
  // mended, its capabilities keep other processes of the user from tracing it (ptrace(2), "Ptrace
  // access mode checking").
  TRY(Check(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "prctl PR_SET_KEEPCAPS", "user"));
  TRY(SetIds(user));
  TRY(Check(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl PR_SET_DUMPABLE", "user"));
  TRY(Check(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0), "prctl PR_SET_KEEPCAPS", "user"));
  return is_root ? Status() : DropAllCapabilities();
}

}  // namespace sandpiper
