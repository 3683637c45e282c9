#pragma once

#include <cstdint>
#include <vector>

#include "cgroup.h"
#include "process_io.h"
#include "request.h"
#include "unique_fd.h"
#include "wire.h"

namespace sandpiper {

// Reads the numbers that the cgroups of a sandbox are sampled for. It keeps the files open: to find
// and open them costs several times what it costs to read them.
class CgroupSampler {
 public:
  // The request must outlive it.
  explicit CgroupSampler(const Cgroups& cgroups);

  // Every number of `samples`, in order, each wire::kUnknown where there is none; how many first.
  void WriteNumbers(wire::Writer& reply) const;
  // What the processes read and wrote; nothing when that is not to be added up.
  [[nodiscard]] IoBytes SumIo() const;

 private:
  struct File {
    UniqueFd file;
    const List<const char*>* keys;
  };

  std::vector<File> files_;
  uint32_t numbers_ = 0;
  // The cgroup whose processes are asked.
  UniqueFd processes_;
};

}  // namespace sandpiper
