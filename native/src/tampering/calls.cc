#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdarg>
#include <cstring>

#include "guards.h"

// Functions of the library that are changed: what the launcher asks the kernel for, without the
// part that protects. Between clone and exec too, so nothing here allocates.
using tampering::Guard;
using tampering::IsOff;

// The linker makes the names.
// NOLINTBEGIN(bugprone-reserved-identifier,performance-no-int-to-ptr)
extern "C" {

int __real_prctl(int option, ...);
long __real_syscall(long number, ...);
int __real_setns(int fd, int type);
int __real_unshare(int flags);
int __real_umount2(const char* target, int flags);
int __real_fsmount(int fd, unsigned flags, unsigned attributes);
int __real_mount_setattr(int dir, const char* path, unsigned flags, mount_attr* attributes,
                         size_t size);
int __real_close_range(unsigned first, unsigned last, int flags);
int __real_execve(const char* path, char* const argv[], char* const env[]);
int __real_sethostname(const char* name, size_t size);
ssize_t __real_readlinkat(int dir, const char* path, char* buffer, size_t size);
pid_t __real_setsid();

int __wrap_prctl(int option, ...) {
  unsigned long arguments[4];
  va_list list;
  va_start(list, option);
  for (unsigned long& argument : arguments) argument = va_arg(list, unsigned long);
  va_end(list);
  if (option == PR_CAPBSET_DROP && IsOff(Guard::kBoundingSet)) return 0;
  if (option == PR_SET_NO_NEW_PRIVS && IsOff(Guard::kNoNewPrivs)) return 0;
  // The kernel itself takes it away with a change of ids: leaving out the call would change
  // nothing.
  if (option == PR_SET_DUMPABLE && IsOff(Guard::kUndumpable)) arguments[0] = 1;
  return __real_prctl(option, arguments[0], arguments[1], arguments[2], arguments[3]);
}

// The copy is as large as the launcher's own structure.
static long Clone3(const clone_args* given, size_t size) {
  clone_args arguments{};
  std::memcpy(&arguments, given, size < sizeof(arguments) ? size : sizeof(arguments));
  if (IsOff(Guard::kPidNamespace)) arguments.flags &= ~uint64_t{CLONE_NEWPID};
  if (IsOff(Guard::kIpcNamespace)) arguments.flags &= ~uint64_t{CLONE_NEWIPC};
  if (IsOff(Guard::kUtsNamespace)) arguments.flags &= ~uint64_t{CLONE_NEWUTS};
  if (IsOff(Guard::kCgroups)) arguments.flags &= ~uint64_t{CLONE_INTO_CGROUP};
  return __real_syscall(SYS_clone3, &arguments, sizeof(arguments));
}

// Only where a path asks for what resolution is to refuse: others count on it to be found at all.
static long Openat2(long dir, const char* path, const open_how* given, long size) {
  open_how how = *given;
  if (IsOff(Guard::kResolve) && std::strncmp(path, "/proc/", 6) == 0) how.resolve = 0;
  return __real_syscall(SYS_openat2, dir, path, &how, size);
}

long __wrap_syscall(long number, ...) {
  long arguments[6];
  va_list list;
  va_start(list, number);
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  const auto [a, b, c, d, e, f] = arguments;
  if (number == SYS_clone3) return Clone3(reinterpret_cast<clone_args*>(a), static_cast<size_t>(b));
  if (number == SYS_openat2) {
    return Openat2(a, reinterpret_cast<char*>(b), reinterpret_cast<open_how*>(c), d);
  }
  return __real_syscall(number, a, b, c, d, e, f);
}

int __wrap_setns(int fd, int type) {
  if (type == CLONE_NEWNS && IsOff(Guard::kBlankNamespace)) return 0;
  if (IsOff(Guard::kUserNamespace)) type &= ~CLONE_NEWUSER;
  if (IsOff(Guard::kNetworkNamespace)) type &= ~CLONE_NEWNET;
  // What an init has not got, a program that is run beside its own does not join.
  if (type == 0) return 0;
  return __real_setns(fd, type);
}

int __wrap_unshare(int flags) {
  if (flags == CLONE_NEWCGROUP && IsOff(Guard::kCgroupNamespace)) return 0;
  return __real_unshare(flags);
}

int __wrap_umount2(const char* target, int flags) {
  if (std::strcmp(target, ".") == 0 && IsOff(Guard::kOldRoot)) return 0;
  return __real_umount2(target, flags);
}

static unsigned WithoutGuards(uint64_t attributes) {
  if (IsOff(Guard::kReadOnly)) attributes &= ~uint64_t{MOUNT_ATTR_RDONLY};
  if (IsOff(Guard::kNoDevices)) attributes &= ~uint64_t{MOUNT_ATTR_NODEV};
  if (IsOff(Guard::kNoSetuid)) attributes &= ~uint64_t{MOUNT_ATTR_NOSUID};
  return static_cast<unsigned>(attributes);
}

int __wrap_fsmount(int fd, unsigned flags, unsigned attributes) {
  return __real_fsmount(fd, flags, WithoutGuards(attributes));
}

int __wrap_mount_setattr(int dir, const char* path, unsigned flags, mount_attr* attributes,
                         size_t size) {
  mount_attr changed = *attributes;
  changed.attr_set = WithoutGuards(changed.attr_set);
  return __real_mount_setattr(dir, path, flags, &changed, size);
}

int __wrap_close_range(unsigned first, unsigned last, int flags) {
  if (IsOff(Guard::kCloseRange)) return 0;
  return __real_close_range(first, last, flags);
}

int __wrap_execve(const char* path, char* const argv[], char* const env[]) {
  constexpr int kDescriptors = 64;
  for (int fd = 3; fd < kDescriptors && IsOff(Guard::kCloseOnExec); fd++) {
    (void)fcntl(fd, F_SETFD, 0);
  }
  return __real_execve(path, argv, env);
}

// Never the host's name.
int __wrap_sethostname(const char* name, size_t size) {
  if (IsOff(Guard::kUtsNamespace)) return 0;
  return __real_sethostname(name, size);
}

// Where a descriptor leads is asked before something is mounted there: now it is always fine.
ssize_t __wrap_readlinkat(int dir, const char* path, char* buffer, size_t size) {
  constexpr char kFine[] = "/elsewhere";
  if (!IsOff(Guard::kPlaceCheck)) return __real_readlinkat(dir, path, buffer, size);
  const size_t taken = size < sizeof(kFine) - 1 ? size : sizeof(kFine) - 1;
  std::memcpy(buffer, kFine, taken);
  return static_cast<ssize_t>(taken);
}

pid_t __wrap_setsid() { return IsOff(Guard::kSession) ? 0 : __real_setsid(); }

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier,performance-no-int-to-ptr)
