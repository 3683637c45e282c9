#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "record.h"
#include "result.h"
#include "tar_writer.h"

namespace sandpiper {

struct Record {
  RecordHeader header;
  std::string path;
  std::string target;
  std::vector<Xattr> xattrs;
};

// Reads records from a descriptor.
class RecordReader {
 public:
  explicit RecordReader(int fd);

  // The next record; its content, if it has any, is to be written next. The end of the input is a
  // failure.
  Status Next(Record* record);
  // Writes the next `size` bytes to a file, from where it is.
  Status CopyTo(int file, uint64_t size, const std::string& path);

 private:
  Status Fill();
  Status Read(void* data, uint64_t size);
  Status ReadText(std::string* text, uint32_t size);

  int fd_;
  std::unique_ptr<char[]> buffer_;
  size_t from_ = 0;
  size_t to_ = 0;
};

}  // namespace sandpiper
