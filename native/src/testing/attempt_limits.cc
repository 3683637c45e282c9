#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "attempt.h"

namespace {

long RaiseLimit(const char*) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_max += 1;
  return setrlimit(RLIMIT_NOFILE, &limit);
}

// Whether so many descriptors can be had.
long OpenMany(const char* count) {
  for (long i = std::atol(count); i > 0; i--) {
    if (open("/dev/null", O_RDONLY) < 0) return -1;
  }
  return 0;
}

long RealTime(const char*) {
  sched_param parameters{};
  parameters.sched_priority = 1;
  return sched_setscheduler(0, SCHED_FIFO, &parameters);
}

// Whether the process has the capability, which is given by its number.
long HasCapability(const char* number) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (Raw(SYS_capget, Address(&header), Address(data)) < 0) return -1;
  const auto capability = static_cast<unsigned>(std::atoi(number));
  errno = EPERM;
  return (data[capability / 32].effective >> (capability % 32) & 1) != 0 ? 0 : -1;
}

// Whether a program that it executes could have the capability.
long CouldHaveCapability(const char* number) {
  errno = EPERM;
  return prctl(PR_CAPBSET_READ, std::atol(number), 0, 0, 0) == 1 ? 0 : -1;
}

long MayGainPrivileges(const char*) {
  errno = EPERM;
  return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 ? 0 : -1;
}

// The host's root is one whose id 0 is the host's 0.
long IsHostRoot(const char*) {
  FILE* map = std::fopen("/proc/self/uid_map", "r");
  if (map == nullptr) return -1;
  long inside = -1;
  long outside = -1;
  const int fields = std::fscanf(map, "%ld %ld", &inside, &outside);
  (void)std::fclose(map);
  errno = EPERM;
  return fields == 2 && inside == 0 && outside == 0 && getuid() == 0 ? 0 : -1;
}

// By the set-user-id bit of its program.
long IsOtherUser(const char*) {
  errno = EPERM;
  return geteuid() == getuid() ? -1 : 0;
}

const Attempt kAttempts[] = {
    {"raise-rlimit", RaiseLimit},
    {"open-many", OpenMany},
    {"inotify", [](const char*) { return static_cast<long>(inotify_init1(IN_CLOEXEC)); }},
    {"negative-nice",
     [](const char*) { return static_cast<long>(setpriority(PRIO_PROCESS, 0, -5)); }},
    {"real-time", RealTime},
    {"has-capability", HasCapability},
    {"could-have-capability", CouldHaveCapability},
    {"may-gain-privileges", MayGainPrivileges},
    {"other-user", IsOtherUser},
    {"host-root", IsHostRoot},
};

}  // namespace

Attempts LimitAttempts() { return kAttempts; }
