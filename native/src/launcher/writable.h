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

struct WritablePlan {
  // The root of the host's tree as the calling process's mount namespace has it.
  int host;
  const WritableRequest& request;
  // The host id that is to own it: the stage's root.
  uint32_t owner;
  // A file system that is there already, MakeWritable's from then on, or -1.
  int blank;
};

// Makes it. Allocates nothing.
Result<Writable> MakeWritable(const WritablePlan& plan);

// What a bounded layer holds, and what it could hold. All zero when nothing bounds it.
struct LayerUse {
  uint64_t bytes;
  uint64_t bytes_max;
  uint64_t files;
  uint64_t files_max;
};

// `root` is a descriptor of the overlay's root, or -1.
LayerUse MeasureLayer(WritableRequest::Kind kind, int root);

// Whether something that was written to the layer could not be put into its image, as the host's
// disk was full, so that it may be read as zeros since. Once it is so it stays so. Writes nothing
// out itself. What can't be told counts as lost.
bool HasLostWrites(WritableRequest::Kind kind, int root);

}  // namespace sandpiper
