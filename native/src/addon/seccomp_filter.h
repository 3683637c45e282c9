#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "result.h"
#include "seccomp_prologue.h"

namespace sandpiper {

struct SeccompCondition {
  uint32_t index;
  // SCMP_CMP_* of seccomp.h.
  uint32_t operation;
  uint64_t value;
  // With SCMP_CMP_MASKED_EQ `value` is the mask and this what it must give.
  uint64_t value_two;
};

struct SeccompRule {
  int number;
  // SCMP_ACT_* of seccomp.h.
  uint32_t action;
  std::vector<SeccompCondition> conditions;
};

struct SeccompPolicy {
  uint32_t default_action;
  // For system calls of another architecture or calling convention (32-bit, x32).
  uint32_t other_architecture_action;
  std::vector<SeccompRule> rules;
  // Calls from this number on are newer than the policy and get `unknown_action`.
  uint32_t unknown_from;
  uint32_t unknown_action;
  std::vector<SeccompRefusal> refusals;
};

// Number of the system call on this machine's architecture, or a negative number.
int ResolveSystemCall(const std::string& name);

// The policy as an array of struct sock_filter: refusals first, then the rules as a binary tree of
// system call numbers.
Result<std::string> CompileSeccomp(const SeccompPolicy& policy);

}  // namespace sandpiper
