// Stands between the launcher and the C library's functions that enter the kernel, in a launcher
// that only tests have: linked with --wrap for every "+" of calls.list, it makes the call that a
// test chose fail, or kills or holds who makes it.
//
// Between clone and exec it runs in processes that share memory with others: it allocates nothing
// and keeps nothing but what is in the control file.

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <iterator>

#include "control.h"

// Names that the C library and the linker have given.
extern "C" void* __libc_stack_end;         // NOLINT(bugprone-reserved-identifier)
extern "C" const char __executable_start;  // NOLINT(bugprone-reserved-identifier)
extern "C" const char etext;

namespace sandpiper::faults {
namespace {

Control* control = nullptr;
long launcher = 0;

// The functions of the library may be wrapped: these are the kernel's.
long Kernel(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);

// The control file lies beside the program: PATH.faults. The launcher closes descriptors that it
// inherits and has an empty environment, so it can be handed nothing else.
__attribute__((constructor)) void MapControl() {
  char path[PATH_MAX] = {};
  const long size = Kernel(SYS_readlink, reinterpret_cast<long>("/proc/self/exe"),
                           reinterpret_cast<long>(path), sizeof(path) - sizeof(".faults"));
  if (size <= 0) return;
  std::memcpy(path + size, ".faults", sizeof(".faults"));
  const long fd = Kernel(SYS_openat, AT_FDCWD, reinterpret_cast<long>(path), O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  const long memory =
      Kernel(SYS_mmap, 0, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  Kernel(SYS_close, fd);
  // NOLINTNEXTLINE(performance-no-int-to-ptr): it comes as a number from the kernel.
  if (memory > 0) control = reinterpret_cast<Control*>(memory);
  launcher = Kernel(SYS_getpid);
}

// The init of a pid namespace can't be killed from inside; for the kernel a process that calls
// exit_group(2) ends in the same way as one that got SIGKILL.
[[noreturn]] void Die() {
  const long self = Kernel(SYS_getpid);
  if (self != 1) Kernel(SYS_kill, self, SIGKILL);
  while (true) Kernel(SYS_exit_group, 128 + SIGKILL);
}

void Hold() {
  const timespec pause{0, 200'000};
  while (control->released == 0) Kernel(SYS_nanosleep, reinterpret_cast<long>(&pause));
}

// There are no frame pointers, so whatever looks like a return address counts.
void ListCallers(const uintptr_t* frame) {
  constexpr size_t kWordsMax = 2048;
  const auto* end = static_cast<const uintptr_t*>(__libc_stack_end);
  const bool is_main = frame < end && end - frame < (8 << 20);
  const uintptr_t* stop =
      is_main && end - frame < static_cast<long>(kWordsMax) ? end : frame + kWordsMax;
  size_t count = 0;
  for (; frame < stop && count < std::size(control->callers); frame++) {
    const bool is_code = *frame >= reinterpret_cast<uintptr_t>(&__executable_start) &&
                         *frame < reinterpret_cast<uintptr_t>(&etext);
    if (is_code) control->callers[count++] = *frame;
  }
}

void Describe(const char* name, long first, const void* frame) {
  control->number = std::strcmp(name, "syscall") == 0 ? static_cast<uint32_t>(first) : 0;
  control->by_launcher = Kernel(SYS_getpid) == launcher ? 1 : 0;
  ListCallers(static_cast<const uintptr_t*>(frame));
  std::strncpy(control->name, name, sizeof(control->name) - 1);
  control->reached = 1;
}

// Signals are left out as kill(2) is: what is sent to one's own children arrives.
bool IsCounted(const char* name, long first) {
  return first != SYS_pidfd_send_signal || std::strcmp(name, "syscall") != 0;
}

// The errno that the call is to fail with, or 0.
int FaultOf(const char* name, long first, const void* frame) {
  if (control == nullptr || control->armed == 0 || !IsCounted(name, first)) return 0;
  if (++control->count != control->at) return 0;
  const Action action = control->action;
  const int error = control->error;
  Describe(name, first, frame);
  if (action == Action::kFail) return error;
  if (action == Action::kKill) Die();
  Hold();
  return 0;
}

#if defined(__x86_64__)
long Kernel(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  long result = 0;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}
#else
#error "tests with injected faults run on x86-64"
#endif

}  // namespace
}  // namespace sandpiper::faults

// Seven arguments of a word each: what is not an argument is passed on unread. A result of an int
// is in the lower half, where its reader looks.
#define WRAP(function)                                                                        \
  extern "C" long __real_##function(long, long, long, long, long, long, long);                \
  extern "C" long __wrap_##function(long a, long b, long c, long d, long e, long f, long g) { \
    const int error = sandpiper::faults::FaultOf(#function, a, __builtin_frame_address(0));   \
    if (error == 0) return __real_##function(a, b, c, d, e, f, g);                            \
    errno = error;                                                                            \
    return -1;                                                                                \
  }
#include "calls.inc"
