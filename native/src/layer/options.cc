#include "options.h"

#include <linux/capability.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "arguments.h"
#include "caps.h"
#include "confine.h"
#include "problem.h"

namespace sandpiper {
namespace {

constexpr unsigned kDescriptorsMax = 128;
constexpr uint64_t kMemoryBytesMax = uint64_t{1} << 30;

Result<std::pair<uint32_t, uint32_t>> ParsePair(const char* text, const char* option) {
  const char* colon = std::strchr(text, ':');
  if (colon == nullptr) return Refused("takes two numbers with a colon between them", option);
  const std::string first(text, colon);
  const auto a = TRY(ParseNumber(first.c_str(), 10, UINT32_MAX, option));
  const auto b = TRY(ParseNumber(colon + 1, 10, UINT32_MAX, option));
  return std::pair(static_cast<uint32_t>(a), static_cast<uint32_t>(b));
}

}  // namespace

Result<IdRange> ParseIds(const char* text) {
  const auto [start, count] = TRY(ParsePair(text, "--ids"));
  return IdRange{start, count};
}

Result<Owner> ParseOwner(const char* text) {
  const auto [uid, gid] = TRY(ParsePair(text, "--chown"));
  return Owner{uid, gid};
}

Status ConfineReader(const char* root) {
  const Confinement confinement{.root = root,
                                .read_only = true,
                                .capabilities = CapabilityBit(CAP_DAC_READ_SEARCH),
                                .descriptors_max = kDescriptorsMax,
                                .memory_bytes_max = kMemoryBytesMax,
                                .kept = {STDOUT_FILENO, STDERR_FILENO},
                                .calls = kReadingCalls};
  return Confine(confinement);
}

int Tell(const Status& status, int errors) {
  if (!status.ok()) TellFailure(errors, status.failure());
  return status.ok() ? 0 : 1;
}

int TellUsage(const Failure& failure) {
  TellFailure(STDERR_FILENO, failure);
  return 2;
}

}  // namespace sandpiper
