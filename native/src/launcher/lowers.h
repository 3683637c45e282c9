#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "idmap.h"
#include "request.h"
#include "result.h"
#include "unique_fd.h"

namespace sandpiper {

// The id-mapped views of lower layers that a stage has made so far, each attached under a short
// name below the stage's directory. Steps of a stage mostly share their layers, so each is made
// once.
class Lowers {
 public:
  // `host` and `directory` are borrowed. Without `map_ids` files are shown with the ids that they
  // have on disk.
  Lowers(int host, int directory, uint32_t ids_start, uint32_t ids_count, bool map_ids);

  // The overlay option for these layers: their names joined by ':'.
  Result<std::string> Names(const List<LowerRequest>& lowers, int stage_user_namespace);

 private:
  struct Entry {
    std::string path;
    std::string name;
    uint32_t owner;
    dev_t device;
    ino_t inode;
  };
  struct Mapping {
    uint32_t uid;
    uint32_t gid;
    UniqueFd user_namespace;
  };

  Result<std::string> Name(const LowerRequest& lower, int stage_user_namespace);
  Result<int> MappingFor(uint32_t uid, uint32_t gid);
  Status Attach(int source, const std::string& name, int user_namespace, const char* object);

  int host_;
  int directory_;
  uint32_t ids_start_;
  uint32_t ids_count_;
  bool map_ids_;
  std::vector<Entry> entries_;
  std::vector<Mapping> mappings_;
};

}  // namespace sandpiper
