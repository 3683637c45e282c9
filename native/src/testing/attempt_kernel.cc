#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

#include "attempt.h"

namespace {

// No address that a process has.
constexpr long kNowhere = 1;

long Bpf() {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = attributes.value_size = 4;
  attributes.max_entries = 1;
  return Raw(SYS_bpf, BPF_MAP_CREATE, Address(&attributes), sizeof(attributes));
}

// A tick that no clock has, which is looked at after the right to set it.
long SetTick() {
  timex change{};
  change.modes = ADJ_TICK;
  change.tick = 1;
  return adjtimex(&change);
}

long SwitchAddressRandomizationOff() {
  const auto now = static_cast<unsigned long>(personality(0xffff'ffff));
  return personality(now | ADDR_NO_RANDOMIZE);
}

// How a child ends that makes one call by another convention than the filter is for.
long OtherConvention(bool x32) {
  const pid_t child = fork();
  if (child == 0) {
#ifdef __x86_64__
    long result = 0;
    // getpid: 20 by int 0x80, 39 with the bit of x32.
    if (x32) {
      result = Raw(0x4000'0000 + SYS_getpid);
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
  // The filter's own end of a process.
  errno = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? EPERM : ENOSYS;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

const Attempt kAttempts[] = {
    {"keyctl",
     [](const char*) {
       return Raw(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
     }},
    {"add_key",
     [](const char*) {
       return Raw(SYS_add_key, Address("user"), Address("k"), Address("v"), 1,
                  KEY_SPEC_PROCESS_KEYRING);
     }},
    {"request_key",
     [](const char*) { return Raw(SYS_request_key, Address("user"), Address("none"), 0, 0); }},
    {"userfaultfd", [](const char*) { return Raw(SYS_userfaultfd, 1); }},
    {"bpf", [](const char*) { return Bpf(); }},
    {"perf_event_open", [](const char*) { return Raw(SYS_perf_event_open, 0, 0, -1, -1, 0); }},
    {"io_uring_setup", [](const char*) { return Raw(SYS_io_uring_setup, 1, 0); }},
    {"kcmp", [](const char*) { return Raw(SYS_kcmp, getpid(), getpid(), 0, 0, 0); }},
    {"quotactl", [](const char*) { return Raw(SYS_quotactl, 0, 0, 0, 0); }},
    {"init_module", [](const char*) { return Raw(SYS_init_module, 0, 0, Address("")); }},
    {"finit_module", [](const char*) { return Raw(SYS_finit_module, -1, Address(""), 0); }},
    {"delete_module", [](const char*) { return Raw(SYS_delete_module, kNowhere, 0); }},
    {"kexec_load", [](const char*) { return Raw(SYS_kexec_load, 0, 0, 0, 0x8000); }},
    {"kexec_file_load", [](const char*) { return Raw(SYS_kexec_file_load, -1, -1, 0, 0, 0x8000); }},
    {"reboot", [](const char*) { return Raw(SYS_reboot, 0, 0, 0, 0); }},
    {"acct", [](const char*) { return Raw(SYS_acct, kNowhere); }},
    {"swapon", [](const char*) { return Raw(SYS_swapon, kNowhere, 0); }},
    {"swapoff", [](const char*) { return Raw(SYS_swapoff, kNowhere); }},
    {"settimeofday", [](const char*) { return Raw(SYS_settimeofday, 0, 0); }},
    {"adjtimex", [](const char*) { return SetTick(); }},
    {"syslog", [](const char*) { return Raw(SYS_syslog, 10, 0, 0); }},
    {"fanotify_init", [](const char*) { return Raw(SYS_fanotify_init, 0, 0); }},
    {"fanotify_init-fid", [](const char*) { return Raw(SYS_fanotify_init, 0x200, 0); }},
    {"aslr-off", [](const char*) { return SwitchAddressRandomizationOff(); }},
    {"personality-query", [](const char*) { return static_cast<long>(personality(0xffff'ffff)); }},
    {"sethostname", [](const char*) { return Raw(SYS_sethostname, Address("x"), 1000); }},
    {"setdomainname", [](const char*) { return Raw(SYS_setdomainname, Address("x"), 1000); }},
    {"move_pages", [](const char*) { return Raw(SYS_move_pages, 0, 0, 0, 0, 0, 0); }},
    {"mbind", [](const char*) { return Raw(SYS_mbind, 0, 0, 0, 0, 0, 0); }},
    {"memfd_secret", [](const char*) { return Raw(447, 0); }},
#ifdef __x86_64__
    {"iopl", [](const char*) { return Raw(SYS_iopl, 3); }},
    {"ioperm", [](const char*) { return Raw(SYS_ioperm, 0x80, 1, 1); }},
    {"modify_ldt", [](const char*) { return Raw(SYS_modify_ldt, 0, 0, 0); }},
#endif
    {"int80", [](const char*) { return OtherConvention(false); }},
    {"x32", [](const char*) { return OtherConvention(true); }},
    {"unknown-call", [](const char*) { return Raw(500); }},
};

}  // namespace

Attempts KernelAttempts() { return kAttempts; }
