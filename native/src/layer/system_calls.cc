#include "system_calls.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <vector>

namespace sandpiper {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
// Calls of the x32 convention have the same architecture and this bit (seccomp(2)): no number here
// has.
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "the numbers of system calls are not known for this architecture"
#endif

// Memory that can't be executed.
constexpr SystemCall kMapping = {SYS_mmap, 2, PROT_EXEC, {0, 0}};

constexpr SystemCall kPlain[] = {
    {SYS_read},         {SYS_write},           {SYS_close},      {SYS_brk},
    kMapping,           {SYS_munmap},          {SYS_mremap},     {SYS_getrandom},
    {SYS_rt_sigreturn}, {SYS_restart_syscall}, {SYS_exit_group},
};

constexpr SystemCall kReading[] = {
    {SYS_read},
    {SYS_write},
    {SYS_close},
    {SYS_openat2},
    {SYS_newfstatat},
    {SYS_fstat},
    {SYS_readlinkat},
    {SYS_getdents64},
    {SYS_flistxattr},
    {SYS_fgetxattr},
    {SYS_brk},
    kMapping,
    {SYS_munmap},
    {SYS_mremap},
    {SYS_getrandom},
    {SYS_rt_sigreturn},
    {SYS_restart_syscall},
    {SYS_exit_group},
};

// Of devices only 0:0, which is overlayfs's mark and none.
constexpr SystemCall kNode = {SYS_mknodat, 3, ~0U, {0, 0}};

constexpr SystemCall kWriting[] = {
    {SYS_read},
    {SYS_write},
    {SYS_close},
    {SYS_lseek},
    {SYS_openat2},
    {SYS_mkdirat},
    kNode,
    {SYS_symlinkat},
    {SYS_linkat},
    {SYS_unlinkat},
    {SYS_getdents64},
    {SYS_fchown},
    {SYS_fchownat},
    {SYS_fchmod},
    {SYS_fchmodat},
    {SYS_ftruncate},
    {SYS_utimensat},
    {SYS_fsetxattr},
    {SYS_fremovexattr},
    {SYS_brk},
    kMapping,
    {SYS_munmap},
    {SYS_mremap},
    {SYS_getrandom},
    {SYS_rt_sigreturn},
    {SYS_restart_syscall},
    {SYS_exit_group},
};

// Where the low half of an argument is; both architectures are little-endian.
constexpr uint32_t ArgumentAt(int argument) {
  return offsetof(seccomp_data, args) + static_cast<uint32_t>(argument) * sizeof(uint64_t);
}

void Add(std::vector<sock_filter>* program, uint16_t code, uint32_t value, uint8_t yes = 0,
         uint8_t no = 0) {
  program->push_back({code, yes, no, value});
}

void AddLoad(std::vector<sock_filter>* program, uint32_t offset) {
  Add(program, BPF_LD | BPF_W | BPF_ABS, offset);
}

void AddReturn(std::vector<sock_filter>* program, uint32_t action) {
  Add(program, BPF_RET | BPF_K, action);
}

void AddCall(std::vector<sock_filter>* program, const SystemCall& call) {
  constexpr uint16_t kIsEqual = BPF_JMP | BPF_JEQ | BPF_K;
  const auto number = static_cast<uint32_t>(call.number);
  if (call.argument < 0) {
    Add(program, kIsEqual, number, 0, 1);
    AddReturn(program, SECCOMP_RET_ALLOW);
    return;
  }
  Add(program, kIsEqual, number, 0, 6);
  AddLoad(program, ArgumentAt(call.argument));
  Add(program, BPF_ALU | BPF_AND | BPF_K, call.mask);
  Add(program, kIsEqual, call.values[0], 1, 0);
  Add(program, kIsEqual, call.values[1], 0, 1);
  AddReturn(program, SECCOMP_RET_ALLOW);
  AddLoad(program, offsetof(seccomp_data, nr));
}

}  // namespace

const SystemCalls kPlainCalls = {kPlain, sizeof(kPlain) / sizeof(*kPlain)};
const SystemCalls kReadingCalls = {kReading, sizeof(kReading) / sizeof(*kReading)};

const SystemCalls kWritingCalls = {kWriting, sizeof(kWriting) / sizeof(*kWriting)};

Status AllowOnly(const SystemCalls& calls) {
  std::vector<sock_filter> program;
  AddLoad(&program, offsetof(seccomp_data, arch));
  Add(&program, BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0);
  AddReturn(&program, SECCOMP_RET_KILL_PROCESS);
  AddLoad(&program, offsetof(seccomp_data, nr));
  for (size_t i = 0; i < calls.count; i++) AddCall(&program, calls.list[i]);
  AddReturn(&program, SECCOMP_RET_KILL_PROCESS);
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
#ifdef __SANITIZE_ADDRESS__
  // The sanitizers make calls of their own.
  (void)filter;
#else
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0) {
    return LastFailure("seccomp", "filter");
  }
#endif
  return {};
}

}  // namespace sandpiper
