#pragma once

#include <cstdint>
#include <string>

#include "child.h"
#include "request.h"
#include "result.h"
#include "stage.h"
#include "unique_fd.h"
#include "world.h"

namespace sandpiper {

// A program of the host's that works for a stage, such as what gives it an uplink. It sees the
// host's files, and has the rights of the stage's root and no others: all of them over the stage's
// networks, those of an unprivileged user over the host. It is in a pid namespace of its own whose
// init is a process of ours, so that it and all that it starts ends with the launcher, whatever
// credentials it takes.
class Tool {
 public:
  // What goes wrong in the new process is in its output, as text, and its exit status is 127.
  // `serial` is a number that no other tool or sandbox of this launcher has.
  static Result<Tool> Start(const World& world, const Stage& stage, const ToolRequest& request,
                            UniqueFd output, uint32_t serial);

  [[nodiscard]] pid_t pid() const { return init_.pid(); }
  [[nodiscard]] uint32_t stage() const { return stage_; }
  void Kill() const;
  // Takes note that a process was reaped. @returns whether it is this one's.
  bool Reaped(pid_t pid) { return init_.Reaped(pid); }
  // Takes its cgroups away, when it was reaped.
  void RemoveCgroups(const World& world) const;

 private:
  Tool(uint32_t stage, Child init, std::string cgroups)
      : stage_(stage), init_(std::move(init)), cgroups_(std::move(cgroups)) {}

  uint32_t stage_;
  Child init_;
  // Their paths, as CgroupPaths returns them.
  std::string cgroups_;
};

}  // namespace sandpiper
