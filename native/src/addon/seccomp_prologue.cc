#include "seccomp_prologue.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstddef>

namespace sandpiper {
namespace {

// Calls of the x32 convention have it set in their number; the filter refuses them.
constexpr uint32_t kX32Bit = 0x4000'0000;

constexpr uint32_t kNumberOffset = offsetof(seccomp_data, nr);
constexpr uint32_t kArchitectureOffset = offsetof(seccomp_data, arch);

// The low half of an argument: both architectures that are supported are little-endian.
uint32_t ArgumentOffset(uint32_t index) {
  return static_cast<uint32_t>(offsetof(seccomp_data, args)) + index * sizeof(uint64_t);
}

sock_filter Load(uint32_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset); }
sock_filter Return(uint32_t action) { return BPF_STMT(BPF_RET | BPF_K, action); }
// Skips the next `count` instructions when what was loaded equals (or is at least) `value`, or not.
sock_filter SkipUnlessEqual(uint32_t value, uint8_t count) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count);
}
sock_filter SkipUnlessAtLeast(uint32_t value, uint8_t count) {
  return BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, value, 0, count);
}

void AppendRefusal(std::vector<sock_filter>& code, const SeccompRefusal& refusal) {
  const auto body = static_cast<uint8_t>(1 + 2 * refusal.values.size());
  code.push_back(Load(kNumberOffset));
  code.push_back(SkipUnlessEqual(refusal.number, body));
  code.push_back(Load(ArgumentOffset(refusal.argument)));
  for (const uint32_t value : refusal.values) {
    code.push_back(SkipUnlessEqual(value, 1));
    code.push_back(Return(refusal.action));
  }
}

std::vector<sock_filter> Body(const SeccompPrologue& prologue) {
  std::vector<sock_filter> code;
  code.push_back(Load(kNumberOffset));
  code.push_back(SkipUnlessAtLeast(prologue.unknown_from, 2));
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 1, 0));
  code.push_back(Return(prologue.unknown_action));
  for (const SeccompRefusal& refusal : prologue.refusals) AppendRefusal(code, refusal);
  return code;
}

}  // namespace

std::string AssemblePrologue(const SeccompPrologue& prologue) {
  const std::vector<sock_filter> body = Body(prologue);
  std::vector<sock_filter> code;
  code.push_back(Load(kArchitectureOffset));
  // A conditional jump reaches 255 instructions, this one any number.
  code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, prologue.architecture, 1, 0));
  code.push_back(BPF_STMT(BPF_JMP | BPF_JA, static_cast<uint32_t>(body.size())));
  code.insert(code.end(), body.begin(), body.end());
  return {reinterpret_cast<const char*>(code.data()), code.size() * sizeof(sock_filter)};
}

}  // namespace sandpiper
