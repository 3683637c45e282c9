// Tries what a hostile step would, from inside a sandbox: each argument is the name of an attempt,
// and the output has a line for each with the errno's name that came back, or "ok" where it worked.
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "hold.h"
#include "watch.h"

namespace {

constexpr long kCloneIntoNewUser = CLONE_NEWUSER | SIGCHLD;

long Raw(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  return syscall(number, a, b, c, d, e, f);
}

long Address(const void* pointer) { return reinterpret_cast<long>(pointer); }

// A child must not go on with the list.
long EndChild(long pid) {
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid(static_cast<pid_t>(pid), nullptr, 0);
  return pid;
}

long Clone3NewUser() {
  clone_args arguments{};
  arguments.flags = CLONE_NEWUSER;
  arguments.exit_signal = SIGCHLD;
  return EndChild(Raw(SYS_clone3, Address(&arguments), sizeof(arguments)));
}

long SetnsOfInit() {
  const int fd = open("/proc/1/ns/mnt", O_RDONLY);
  return fd < 0 ? -1 : setns(fd, 0);
}

long SetnsOfSelf() {
  const int fd = open("/proc/self/ns/mnt", O_RDONLY);
  return fd < 0 ? -1 : setns(fd, CLONE_NEWNS);
}

long ReadInitMemory() {
  char byte = 0;
  iovec local{&byte, 1};
  iovec remote{reinterpret_cast<void*>(0x400000), 1};
  return process_vm_readv(1, &local, 1, &remote, 1, 0);
}

long GetInitFd() {
  const long pidfd = Raw(SYS_pidfd_open, 1);
  return pidfd < 0 ? -1 : Raw(SYS_pidfd_getfd, pidfd, 0);
}

long OpenInitExecutable() { return open("/proc/1/exe", O_RDONLY); }
long OpenInitRoot() { return open("/proc/1/root", O_RDONLY | O_DIRECTORY); }

long OpenByHandle() {
  alignas(file_handle) char buffer[sizeof(file_handle) + MAX_HANDLE_SZ] = {};
  auto* handle = reinterpret_cast<file_handle*>(buffer);
  handle->handle_bytes = 8;
  handle->handle_type = 1;
  return open_by_handle_at(AT_FDCWD, handle, O_RDONLY);
}

long Mknod(const char* path) { return mknod(path, S_IFCHR | 0666, makedev(1, 3)); }

long Bpf() {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = attributes.value_size = 4;
  attributes.max_entries = 1;
  return Raw(SYS_bpf, BPF_MAP_CREATE, Address(&attributes), sizeof(attributes));
}

long PushInput(unsigned long command) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  char byte = 'x';
  return Raw(SYS_ioctl, terminal, static_cast<long>(command), Address(&byte));
}

long OpenTerminal() {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0) return -1;
  return open(ptsname(terminal), O_RDWR | O_NOCTTY);
}

long RaiseRlimit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_max += 1;
  return setrlimit(RLIMIT_NOFILE, &limit);
}

long NegativeNice() { return setpriority(PRIO_PROCESS, 0, -5); }

long WriteFile(const char* path) {
  const int fd = open(path, O_WRONLY);
  return fd < 0 ? -1 : write(fd, "1", 1);
}

long ConnectAbstract(const char* name) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path + 1, name, sizeof(address.sun_path) - 2);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + std::strlen(name));
  return connect(fd, reinterpret_cast<sockaddr*>(&address), size);
}

// How a child ends that makes one call by another convention than the filter is for.
long OtherConvention(bool x32) {
  const pid_t child = fork();
  if (child == 0) {
#ifdef __x86_64__
    long result = 0;
    // getpid: 20 by int 0x80, 39 with the bit of x32.
    if (x32) {
      result = Raw(0x40000000 + SYS_getpid);
    } else {
      __asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "r8", "r9", "r10", "r11", "memory");
    }
    _exit(result > 0 ? 0 : 1);
#else
    (void)x32;
    raise(SIGSYS);
#endif
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
    errno = EPERM;
    return -1;
  }
  return WEXITSTATUS(status) == 0 ? 0 : -1;
}

struct Attempt {
  const char* name;
  long (*run)();
};

const Attempt kAttempts[] = {
    {"mount", [] { return static_cast<long>(mount("none", "/tmp", "tmpfs", 0, nullptr)); }},
    {"umount2", [] { return static_cast<long>(umount2("/proc", MNT_DETACH)); }},
    {"pivot_root", [] { return Raw(SYS_pivot_root, Address("/tmp"), Address("/tmp")); }},
    {"fsopen", [] { return Raw(SYS_fsopen, Address("tmpfs"), 0); }},
    {"open_tree", [] { return Raw(SYS_open_tree, AT_FDCWD, Address("/"), 1); }},
    {"move_mount",
     [] { return Raw(SYS_move_mount, AT_FDCWD, Address("/proc"), AT_FDCWD, Address("/tmp")); }},
    {"mount_setattr", [] { return Raw(SYS_mount_setattr, AT_FDCWD, Address("/"), 0, 0, 0); }},
    {"unshare-user", [] { return static_cast<long>(unshare(CLONE_NEWUSER)); }},
    {"unshare-mount", [] { return static_cast<long>(unshare(CLONE_NEWNS)); }},
    {"unshare-time", [] { return static_cast<long>(unshare(0x80)); }},
    {"unshare-net", [] { return static_cast<long>(unshare(CLONE_NEWNET)); }},
    {"unshare-files", [] { return static_cast<long>(unshare(CLONE_FILES)); }},
    {"clone-user", [] { return EndChild(Raw(SYS_clone, kCloneIntoNewUser)); }},
    {"clone-plain", [] { return EndChild(Raw(SYS_clone, SIGCHLD)); }},
    {"clone3-user", Clone3NewUser},
    {"setns-init", SetnsOfInit},
    {"setns-self", SetnsOfSelf},
    {"ptrace-init", [] { return ptrace(PTRACE_ATTACH, 1, nullptr, nullptr); }},
    {"process_vm_readv-init", ReadInitMemory},
    {"pidfd_getfd-init", GetInitFd},
    {"init-exe", OpenInitExecutable},
    {"init-root", OpenInitRoot},
    {"keyctl", [] { return Raw(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0); }},
    {"add_key",
     [] {
       return Raw(SYS_add_key, Address("user"), Address("k"), Address("v"), 1,
                  KEY_SPEC_PROCESS_KEYRING);
     }},
    {"userfaultfd", [] { return Raw(SYS_userfaultfd, 1); }},
    {"bpf", Bpf},
    {"perf_event_open", [] { return Raw(SYS_perf_event_open, 0, 0, -1, -1, 0); }},
    {"io_uring_setup", [] { return Raw(SYS_io_uring_setup, 1, 0); }},
    {"kcmp", [] { return Raw(SYS_kcmp, getpid(), getpid(), 0, 0, 0); }},
    {"quotactl", [] { return Raw(SYS_quotactl, 0, 0, 0, 0); }},
    {"init_module", [] { return Raw(SYS_init_module, 0, 0, Address("")); }},
    {"kexec_load", [] { return Raw(SYS_kexec_load, 0, 0, 0, 0); }},
    {"acct", [] { return Raw(SYS_acct, 0); }},
    {"swapon", [] { return Raw(SYS_swapon, Address("/tmp"), 0); }},
    {"settimeofday", [] { return Raw(SYS_settimeofday, 0, 0); }},
    {"syslog", [] { return Raw(SYS_syslog, 10, 0, 0); }},
    {"fanotify_init", [] { return Raw(SYS_fanotify_init, 0, 0); }},
    {"aslr-off", [] { return static_cast<long>(personality(ADDR_NO_RANDOMIZE)); }},
    {"personality-query", [] { return static_cast<long>(personality(0xffffffff)); }},
    {"open_by_handle_at", OpenByHandle},
    {"mknod", [] { return Mknod("/tmp/device"); }},
    {"mknod-shared", [] { return Mknod("/shared/device"); }},
    {"sethostname", [] { return static_cast<long>(sethostname("x", 1)); }},
    {"af-vsock", [] { return static_cast<long>(socket(AF_VSOCK, SOCK_STREAM, 0)); }},
    {"af-alg", [] { return static_cast<long>(socket(AF_ALG, SOCK_SEQPACKET, 0)); }},
    {"af-packet", [] { return static_cast<long>(socket(AF_PACKET, SOCK_RAW, 0)); }},
    {"af-inet-raw", [] { return static_cast<long>(socket(AF_INET, SOCK_RAW, 1)); }},
    {"nfnetlink", [] { return static_cast<long>(socket(AF_NETLINK, SOCK_RAW, 12)); }},
    {"rtnetlink", [] { return static_cast<long>(socket(AF_NETLINK, SOCK_RAW, 0)); }},
    {"af-inet", [] { return static_cast<long>(socket(AF_INET, SOCK_STREAM, 0)); }},
    {"tiocsti", [] { return PushInput(0x5412); }},
    {"tiocsti-high-bits", [] { return PushInput(0x1'0000'5412); }},
    {"tioclinux", [] { return PushInput(0x541c); }},
    {"int80", [] { return OtherConvention(false); }},
    {"x32", [] { return OtherConvention(true); }},
    {"unknown-call", [] { return Raw(500); }},
    {"terminal", OpenTerminal},
    {"raise-rlimit", RaiseRlimit},
    {"negative-nice", NegativeNice},
    {"write-core-pattern", [] { return WriteFile("/proc/sys/kernel/core_pattern"); }},
    {"write-sysrq", [] { return WriteFile("/proc/sysrq-trigger"); }},
    {"write-ip-forward", [] { return WriteFile("/proc/sys/net/ipv4/ip_forward"); }},
    {"write-sys", [] { return WriteFile("/sys/kernel/uevent_helper"); }},
    {"write-dev", [] { return static_cast<long>(mkdir("/dev/x", 0755)); }},
    {"read-keys", [] { return static_cast<long>(open("/proc/keys", O_RDONLY)); }},
    {"chroot", [] { return static_cast<long>(chroot("/")); }},
};

struct Hold {
  const char* name;
  void (*run)();
};

const Hold kHolds[] = {{"trace-others", TraceOthers},
                       {"be-traced", BeTraced},
                       {"stop-traced", StopTracedByParent},
                       {"stop-starting", StopStarting},
                       {"leave-to-parent", LeaveToParent}};

void Print(const char* name, long result) {
  std::printf("%s %s\n", name, result >= 0 ? "ok" : strerrorname_np(errno));
}

void Run(const char* name) {
  constexpr char kConnect[] = "abstract:";
  if (std::strncmp(name, kConnect, sizeof(kConnect) - 1) == 0) {
    return Print(name, ConnectAbstract(name + sizeof(kConnect) - 1));
  }
  constexpr char kWatch[] = "watch:";
  if (std::strncmp(name, kWatch, sizeof(kWatch) - 1) == 0) {
    return WatchProcesses(std::atoi(name + sizeof(kWatch) - 1));
  }
  for (const Hold& hold : kHolds) {
    if (std::strcmp(hold.name, name) == 0) return hold.run();
  }
  for (const Attempt& attempt : kAttempts) {
    if (std::strcmp(attempt.name, name) == 0) return Print(name, attempt.run());
  }
  std::printf("%s unknown\n", name);
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) Run(argv[i]);
  return 0;
}
