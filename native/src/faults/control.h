#pragma once

#include <atomic>
#include <cstdint>

// What a test and the fault-injecting launcher tell each other, in a file that the launcher and its
// children map and the test reads and writes (test/support/faulty-launcher.ts has the same layout).
namespace sandpiper::faults {

enum class Action : uint32_t {
  kFail = 0,  // the call is not made and fails with `error`
  kKill = 1,  // the calling process is killed
  kHold = 2,  // the calling process waits until `released`, then makes the call
};

struct Control {
  // Set by the test: calls count from now on.
  std::atomic<uint32_t> armed;
  // The number, from 1, of the call to act on; 0: none, only count.
  std::atomic<uint32_t> at;
  std::atomic<Action> action;
  std::atomic<int32_t> error;
  std::atomic<uint32_t> released;

  // Set here: the calls so far, and whether call number `at` was reached.
  std::atomic<uint32_t> count;
  std::atomic<uint32_t> reached;
  // Of that call: its system call number where it was syscall(2), whether the launcher itself made
  // it and not one of its children, and the function's name.
  uint32_t number;
  uint32_t by_launcher;
  char name[28];
  // Addresses of code that were on the stack, the innermost first: where the call returns to, where
  // that does, and some that are left of calls before. Zeros after the last.
  uint64_t callers[64];
};
static_assert(sizeof(Control) == 64 + 64 * 8);

}  // namespace sandpiper::faults
