#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <initializer_list>

#include "attempt.h"

namespace {

constexpr long kHighBits = 1L << 32;

long Clone3NewUser() {
  clone_args arguments{};
  arguments.flags = CLONE_NEWUSER;
  arguments.exit_signal = SIGCHLD;
  return EndChild(Raw(SYS_clone3, Address(&arguments), sizeof(arguments)));
}

long CloneNew(unsigned long flags) {
  return EndChild(Raw(SYS_clone, static_cast<long>(flags) | SIGCHLD));
}

long SetNamespace(const char* path, int type) {
  const int fd = open(path, O_RDONLY);
  return fd < 0 ? -1 : setns(fd, type);
}

long SetAttributes() {
  mount_attr nothing{};
  return Raw(SYS_mount_setattr, AT_FDCWD, Address("/"), 0, Address(&nothing), sizeof(nothing));
}

// CVE-2022-0492: a hierarchy of the host, mounted inside, has the release_agent of the host.
long OpenReleaseAgent() {
  if (mount("cgroup", "/tmp", "cgroup", 0, "memory") < 0 &&
      mount("cgroup", "/tmp", "cgroup2", 0, nullptr) < 0) {
    return -1;
  }
  const int fd = open("/tmp/release_agent", O_WRONLY);
  return fd >= 0 || errno == ENOENT ? 0 : -1;
}

// CVE-2022-0185: a file system's parameters, reached by root in a user namespace.
long FillFileSystemOption() {
  const auto fd = static_cast<int>(Raw(SYS_fsopen, Address("tmpfs"), 0));
  if (fd < 0) return -1;
  return Raw(SYS_fsconfig, fd, 1, Address("size"), Address("1"), 0);
}

// The old root of a pivot_root(2) that was never unmounted lies on top of "/", one step up.
long LookAboveRoot() {
  for (const char* name : {"/../host/proc/version", "/../host/etc/hostname", "/../host/bin"}) {
    if (access(name, F_OK) == 0) return 0;
  }
  return -1;
}

const Attempt kAttempts[] = {
    {"mount",
     [](const char*) { return static_cast<long>(mount("none", "/tmp", "tmpfs", 0, nullptr)); }},
    {"mount-proc",
     [](const char*) { return static_cast<long>(mount("none", "/tmp", "proc", 0, nullptr)); }},
    {"mount-again",
     [](const char*) {
       return static_cast<long>(mount("none", "/", nullptr, MS_REMOUNT | MS_BIND, nullptr));
     }},
    {"mount-bind",
     [](const char*) { return static_cast<long>(mount("/", "/tmp", nullptr, MS_BIND, nullptr)); }},
    {"release-agent", [](const char*) { return OpenReleaseAgent(); }},
    {"fsconfig", [](const char*) { return FillFileSystemOption(); }},
    {"umount2", [](const char*) { return static_cast<long>(umount2("/dev/shm", MNT_DETACH)); }},
    {"pivot_root",
     [](const char*) { return Raw(SYS_pivot_root, Address("/tmp"), Address("/tmp")); }},
    {"fsopen", [](const char*) { return Raw(SYS_fsopen, Address("tmpfs"), 0); }},
    {"fspick", [](const char*) { return Raw(SYS_fspick, AT_FDCWD, Address("/"), 0); }},
    {"open_tree",
     [](const char*) { return Raw(SYS_open_tree, AT_FDCWD, Address("/"), OPEN_TREE_CLONE); }},
    {"move_mount",
     [](const char*) {
       return Raw(SYS_move_mount, AT_FDCWD, Address("/dev/shm"), AT_FDCWD, Address("/tmp"), 0);
     }},
    {"mount_setattr", [](const char*) { return SetAttributes(); }},
    {"chroot", [](const char*) { return static_cast<long>(chroot("/")); }},
    {"above-root", [](const char*) { return LookAboveRoot(); }},
    {"unshare-user", [](const char*) { return static_cast<long>(unshare(CLONE_NEWUSER)); }},
    {"unshare-mount", [](const char*) { return static_cast<long>(unshare(CLONE_NEWNS)); }},
    {"unshare-time", [](const char*) { return static_cast<long>(unshare(CLONE_NEWTIME)); }},
    {"unshare-net", [](const char*) { return static_cast<long>(unshare(CLONE_NEWNET)); }},
    {"unshare-cgroup", [](const char*) { return static_cast<long>(unshare(CLONE_NEWCGROUP)); }},
    {"unshare-user-high-bits",
     [](const char*) { return Raw(SYS_unshare, CLONE_NEWUSER | kHighBits); }},
    {"unshare-files", [](const char*) { return static_cast<long>(unshare(CLONE_FILES)); }},
    {"clone-user", [](const char*) { return CloneNew(CLONE_NEWUSER); }},
    {"clone-user-high-bits", [](const char*) { return CloneNew(CLONE_NEWUSER | kHighBits); }},
    {"clone-mount", [](const char*) { return CloneNew(CLONE_NEWNS); }},
    {"clone-plain", [](const char*) { return CloneNew(0); }},
    {"clone3-user", [](const char*) { return Clone3NewUser(); }},
    {"setns-init", [](const char*) { return SetNamespace("/proc/1/ns/mnt", 0); }},
    {"setns-self", [](const char*) { return SetNamespace("/proc/self/ns/mnt", CLONE_NEWNS); }},
    {"setns-self-net", [](const char*) { return SetNamespace("/proc/self/ns/net", CLONE_NEWNET); }},
};

}  // namespace

Attempts MountAttempts() { return kAttempts; }
