#pragma once

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <span>

// What a hostile step tries, by area. Each attempt returns 0 or more where it worked, and else -1
// with errno. Its argument is what stands behind a colon after its name, or "".
//
// They are also made where nothing protects the host: what would change it is asked for with
// arguments that the kernel refuses after it has looked at the right to do it.
struct Attempt {
  const char* name;
  long (*run)(const char* argument);
};
using Attempts = std::span<const Attempt>;

// Mounts and namespaces.
Attempts MountAttempts();
// Calls that reach into the kernel, and calls by another convention.
Attempts KernelAttempts();
// Other processes: pid 1 and those of other sandboxes, by their pid.
Attempts ProcessAttempts();
// Files of the host, of /proc and /sys, and devices.
Attempts FileAttempts();
Attempts SocketAttempts();
Attempts TerminalAttempts();
// Limits and ids.
Attempts LimitAttempts();

// Takes too much of something, at most as much as it is told to. Prints "got N", how much it had.
struct Bomb {
  const char* name;
  void (*run)(long most);
};
std::span<const Bomb> Bombs();

inline long Raw(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0,
                long f = 0) {
  return syscall(number, a, b, c, d, e, f);
}

inline long Address(const void* pointer) { return reinterpret_cast<long>(pointer); }

// The end of a child that an attempt has made: it must not go on with the list.
inline long EndChild(long pid) {
  if (pid == 0) _exit(0);
  if (pid > 0) waitpid(static_cast<pid_t>(pid), nullptr, 0);
  return pid;
}
