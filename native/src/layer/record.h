#pragma once

#include <cstdint>

// The records that `unpack` reads on stdin. They are made by runner/layers/layer-records.ts, which
// is built together with this: there is no version. Numbers are little-endian, as the machine's.
//
// A record is a header, then a path, a target, extended attributes and, for files, content, of the
// sizes that the header tells. Paths lead from the layer's directory, have no links, no `.` and no
// `..` on them, and their directories come first.
namespace sandpiper {

enum class RecordType : uint32_t {
  kEnd = 1,        // the last one: without it nothing counts
  kDirectory = 2,  // one that is there keeps what is in it; "" is the layer's own
  kFile = 3,       // content of `size` bytes, of which `data` follow, from the start on
  kData = 4,       // `data` bytes more of the file before, from `offset` on; between them are holes
  kSymlink = 5,    // to `target`
  kLink = 6,       // a further name of the file `target`
  kFifo = 7,       //
  kWhiteout = 8,   // overlayfs's mark for a name that is not there
  kOpaque = 9,     // overlayfs's mark on a directory that hides those below; it was a record before
  kRemove = 10,    // takes away what is there, with all that is below
};

struct RecordHeader {
  RecordType type;
  uint32_t mode;  // of permission
  uint32_t uid;
  uint32_t gid;
  int64_t seconds;  // of the time of change, since 1970
  uint32_t nanoseconds;
  uint32_t path_bytes;
  uint32_t target_bytes;
  uint32_t xattr_bytes;  // each: u32 size of the name, u32 size of the value, name, value
  uint64_t size;
  uint64_t data;
  uint64_t offset;
};
static_assert(sizeof(RecordHeader) == 64);

// Most that the parts before the content may have together, in bytes.
inline constexpr uint64_t kRecordBytesMax = uint64_t{4} << 20;

}  // namespace sandpiper
