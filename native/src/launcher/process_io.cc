#include "process_io.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "unique_fd.h"

namespace sandpiper {
namespace {

constexpr int kProcessesMax = 64;

uint64_t ValueOf(const char* text, const char* key) {
  const char* found = std::strstr(text, key);
  return found == nullptr ? 0 : std::strtoull(found + std::strlen(key), nullptr, 10);
}

IoBytes ReadIo(long pid) {
  char text[512];
  (void)std::snprintf(text, sizeof(text), "/proc/%ld/io", pid);
  const UniqueFd file(open(text, O_RDONLY | O_CLOEXEC));
  const ssize_t size = file.valid() ? read(file.get(), text, sizeof(text) - 1) : 0;
  if (size <= 0) return {};
  text[size] = 0;
  return {ValueOf(text, "\nread_bytes: "), ValueOf(text, "\nwrite_bytes: ")};
}

}  // namespace

IoBytes SumProcessIo(const char* processes) {
  IoBytes sum{};
  const char* at = processes;
  for (int i = 0; i < kProcessesMax; i++) {
    char* end = nullptr;
    const long pid = std::strtol(at, &end, 10);
    if (end == at) break;
    const IoBytes io = ReadIo(pid);
    sum.read += io.read;
    sum.written += io.written;
    at = end;
  }
  return sum;
}

}  // namespace sandpiper
