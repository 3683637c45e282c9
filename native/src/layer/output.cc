#include "output.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "problem.h"

namespace sandpiper {
namespace {

constexpr size_t kBufferBytes = size_t{256} * 1024;

}  // namespace

Output::Output(int fd) : fd_(fd), buffer_(new char[kBufferBytes]) {}

Status Output::Write(const void* data, size_t size) {
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    const size_t part = std::min(size, kBufferBytes - used_);
    std::memcpy(buffer_.get() + used_, from, part);
    used_ += part;
    from += part;
    size -= part;
    if (used_ == kBufferBytes) TRY(Flush());
  }
  return {};
}

Status Output::WriteZeros(size_t size) {
  static constexpr char kZeros[1024] = {};
  while (size > 0) {
    const size_t part = std::min(size, sizeof(kZeros));
    TRY(Write(kZeros, part));
    size -= part;
  }
  return {};
}

Status Output::CopyFile(int file, uint64_t size, const std::string& path) {
  while (size > 0) {
    const size_t part = std::min<uint64_t>(size, kBufferBytes - used_);
    const ssize_t got = read(file, buffer_.get() + used_, part);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FailedOn("read", path);
    if (got == 0) return Refused("has become shorter while it was read", path);
    used_ += static_cast<size_t>(got);
    size -= static_cast<uint64_t>(got);
    if (used_ == kBufferBytes) TRY(Flush());
  }
  return {};
}

Status Output::Flush() {
  for (size_t at = 0; at < used_;) {
    const ssize_t written = write(fd_, buffer_.get() + at, used_ - at);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return LastFailure("write", "output");
    at += static_cast<size_t>(written);
  }
  used_ = 0;
  return {};
}

}  // namespace sandpiper
