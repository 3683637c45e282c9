#pragma once

#include <cstddef>
#include <cstdint>

#include "result.h"

namespace sandpiper {

// A system call, and what one of its arguments may be.
struct SystemCall {
  long number;
  // The argument that is looked at, from 0; -1: none.
  int argument = -1;
  // Its low 32 bits, after those of `mask`, must be one of these two.
  uint32_t mask = ~0U;
  uint32_t values[2] = {};
};

// The list of those that a process needs. Several of one call are alternatives.
struct SystemCalls {
  const SystemCall* list;
  size_t count;
};

// Ends this process at every other call, for good (seccomp(2)). Takes no_new_privs.
Status AllowOnly(const SystemCalls& calls);

// What it takes to read from one descriptor and to write to another, to read a tree, and to write
// one.
extern const SystemCalls kPlainCalls;
extern const SystemCalls kReadingCalls;
extern const SystemCalls kWritingCalls;

}  // namespace sandpiper
