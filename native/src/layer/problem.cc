#include "problem.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace sandpiper {
namespace {

// Longest path that is told, in bytes.
constexpr size_t kPathBytesMax = 4095;

const char* Keep(const std::string& path) {
  static std::string kept;
  kept = path.substr(0, kPathBytesMax);
  return kept.c_str();
}

void AppendQuoted(std::string* line, const char* text) {
  *line += '"';
  for (const char* at = text; *at != '\0'; at++) {
    const auto byte = static_cast<unsigned char>(*at);
    const bool plain = byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
    char escaped[8];
    (void)std::snprintf(escaped, sizeof(escaped), "\\u%04x", byte);
    *line += plain ? std::string(1, *at) : escaped;
  }
  *line += '"';
}

}  // namespace

Failure FailedOn(const char* call, const std::string& path) {
  const int error = errno;
  return {error, call, Keep(path)};
}

Failure About(const Failure& failure, const std::string& path) {
  return {failure.error, failure.call, Keep(path)};
}

Failure Refused(const char* why, const std::string& path) { return {0, why, Keep(path)}; }

void TellFailure(int fd, const Failure& failure) {
  std::string line = "{\"errno\":" + std::to_string(failure.error) + ",\"call\":";
  AppendQuoted(&line, failure.call);
  line += ",\"path\":";
  AppendQuoted(&line, failure.object);
  line += "}\n";
  // There is nobody left to tell that this failed.
  (void)!write(fd, line.data(), line.size());
}

}  // namespace sandpiper
