#pragma once

#include <string>
#include <vector>

#include "packer.h"
#include "result.h"

namespace sandpiper {

// What a Dockerfile's COPY copies.
struct CopyRequest {
  // Open directories: the context, and the root that is copied to, or -1 when it is not at hand.
  int context;
  int image;
  std::vector<std::string> sources;
  std::string destination;
  // With `owner` for the directories that are made, too.
  PackRules rules;
};

// Writes a layer with what COPY brings (https://docs.docker.com/reference/dockerfile/#copy): of a
// directory its contents, anything else by its name. The destination is a directory when it ends
// with a slash, when there are several sources, or when it is one in the image. Directories that
// are missing in the image are made, with mode 0755; those that are there are written as they are.
Status WriteCopy(const CopyRequest& request, TarWriter* writer);

}  // namespace sandpiper
