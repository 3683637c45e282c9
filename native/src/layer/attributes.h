#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "result.h"
#include "tar_writer.h"

namespace sandpiper {

// A range of ids: `start` + n on disk is n in an archive.
struct IdRange {
  uint32_t start;
  uint32_t count;
};

// The extended attributes of an open file or directory that archives hold, by name.
struct Attributes {
  std::vector<Xattr> kept;
  // overlayfs's mark: what is below in lower layers does not show.
  bool opaque = false;
};

// Those of users, without overlayfs's own, and file capabilities. Names with `=`, which no archive
// can hold, are left out. With `ids`, the root that a capability counts for is one of theirs.
// `path` is for messages.
Result<Attributes> ReadAttributes(int file, const std::optional<IdRange>& ids,
                                  const std::string& path);

}  // namespace sandpiper
