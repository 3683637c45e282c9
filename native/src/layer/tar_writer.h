#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "output.h"
#include "result.h"

namespace sandpiper {

struct Xattr {
  std::string name;
  std::string value;
};

// An entry of a tar archive.
struct TarEntry {
  // Type flag of the header: '0' file, '1' hard link, '2' symbolic link, '5' directory, '6' fifo.
  char type = '0';
  // Directories' without the slash at the end.
  std::string path;
  std::string link;
  uint32_t mode = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint64_t size = 0;
  timespec mtime{};
  std::vector<Xattr> xattrs;
};

// Writes a tar archive in POSIX's format (pax(1)), with extended headers for what a plain one can't
// hold. The bytes depend on the entries only.
class TarWriter {
 public:
  explicit TarWriter(Output* output) : output_(*output) {}

  // Its content, if it is a file, comes next.
  Status WriteHeader(const TarEntry& entry);
  // Content from an open file, of the size that the header told.
  Status WriteContent(int file, const TarEntry& entry);
  // The two empty blocks at the end, and all that was held back.
  Status Finish();

 private:
  Status WriteBlock(const TarEntry& entry);

  Output& output_;
};

}  // namespace sandpiper
