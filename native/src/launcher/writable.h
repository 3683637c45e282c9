#pragma once

#include <cstdint>

#include "request.h"
#include "result.h"
#include "unique_fd.h"

namespace sandpiper {

// The writable layer of an overlay, made anew.
struct Writable {
  // The file system that it is on: a detached mount of its own, or none when it is a directory.
  UniqueFd tree;
  UniqueFd upper;
  UniqueFd work;
};

// Makes it. `host` is the root of the host's tree as the calling process's mount namespace has it,
// `owner` the host id that is to own it: the stage's root. Allocates nothing.
Result<Writable> MakeWritable(int host, const WritableRequest& request, uint32_t owner);

// What a bounded layer holds, and what it could hold. All zero when nothing bounds it.
struct LayerUse {
  uint64_t bytes;
  uint64_t bytes_max;
  uint64_t files;
  uint64_t files_max;
};

// `root` is a descriptor of the overlay's root, or -1.
LayerUse MeasureLayer(WritableRequest::Kind kind, int root);

}  // namespace sandpiper
