#include "options.h"

#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "arguments.h"
#include "problem.h"

namespace sandpiper {
namespace {

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

int Tell(const Status& status, int errors) {
  if (!status.ok()) TellFailure(errors, status.failure());
  return status.ok() ? 0 : 1;
}

int TellUsage(const Failure& failure) {
  TellFailure(STDERR_FILENO, failure);
  return 2;
}

}  // namespace sandpiper
