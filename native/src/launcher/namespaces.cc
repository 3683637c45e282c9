#include "namespaces.h"

#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys.h"

namespace sandpiper {
namespace {

// PROC_USER_INIT_INO of the kernel; a part of its interface by the name USER_NS_INIT_INO
// since 6.18.
constexpr ino_t kInitialUserNamespace = 0xEFFFFFFD;

// The system calls themselves: the library's functions look for threads.
Status BecomeRoot() {
  if (syscall(SYS_setgroups, 0, nullptr) < 0) return LastFailure("setgroups", "none");
  if (syscall(SYS_setresgid, 0, 0, 0) < 0) return LastFailure("setresgid", "0");
  if (syscall(SYS_setresuid, 0, 0, 0) < 0) return LastFailure("setresuid", "0");
  return {};
}

}  // namespace

Result<bool> IsInUserNamespace() {
  struct stat info {};
  if (stat("/proc/self/ns/user", &info) < 0) return LastFailure("stat", "/proc/self/ns/user");
  return info.st_ino != kInitialUserNamespace;
}

Status JoinStage(int blank, int user_namespace) {
  TRY(sys::SetNamespace(blank, CLONE_NEWNS, "mount namespace"));
  TRY(sys::SetNamespace(user_namespace, CLONE_NEWUSER, "user namespace"));
  TRY(BecomeRoot());
  return sys::Unshare(CLONE_NEWNS, "mount namespace");
}

Status JoinTools(int tools, int user_namespace) {
  TRY(sys::SetNamespace(tools, CLONE_NEWNS, "mount namespace"));
  TRY(sys::SetNamespace(user_namespace, CLONE_NEWUSER, "user namespace"));
  return BecomeRoot();
}

Status JoinSandbox(int init) {
  constexpr int kAll = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
                       CLONE_NEWNET | CLONE_NEWCGROUP;
  TRY(sys::SetNamespace(init, kAll, "namespaces of the sandbox"));
  return BecomeRoot();
}

}  // namespace sandpiper
