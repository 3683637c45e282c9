#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "result.h"

namespace sandpiper {

// Bytes on their way to a descriptor, written in large pieces.
class Output {
 public:
  explicit Output(int fd);

  Status Write(const void* data, size_t size);
  // `size` zero bytes.
  Status WriteZeros(size_t size);
  // The first `size` bytes of a file from where it is. A file that ends before is a failure: `path`
  // has changed.
  Status CopyFile(int file, uint64_t size, const std::string& path);
  // Writes out what is held back.
  Status Flush();

 private:
  int fd_;
  std::unique_ptr<char[]> buffer_;
  size_t used_ = 0;
};

}  // namespace sandpiper
