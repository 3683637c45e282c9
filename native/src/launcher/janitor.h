#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <unordered_map>

#include "cgroup.h"
#include "child.h"
#include "result.h"
#include "sandbox.h"
#include "unique_fd.h"

namespace sandpiper {

// Takes away what is left of sandboxes that have ended, in a process of its own: the kernel takes
// longer to unmount and to remove cgroups than for all else of a sandbox's end, and the launcher
// goes on meanwhile.
class Janitor {
 public:
  // Starts the process. Without one, Clean does the work itself.
  Status Start(const World& world);
  // Ends the process and waits for that, so that it is not seen longer than the launcher.
  void Stop();
  // Readable when something was cleaned.
  [[nodiscard]] int fd() const { return socket_.get(); }

  // Takes the sandbox's mounts and cgroups away. @returns whether that is to be waited for: then
  // Next tells of it. Else it is done, and `all` says whether all cgroups are gone.
  bool Clean(uint32_t id, Sandbox& sandbox, const World& world, bool* all);
  // The next one that was cleaned, if there is one.
  bool Next(uint32_t* id, bool* all);
  // Whether the process that was reaped is the janitor. What it was to do has to be done anew,
  // which Abandoned tells one by one.
  bool Reaped(pid_t pid);
  // Whether something is still to be cleaned.
  [[nodiscard]] bool busy() const { return !jobs_.empty(); }
  // Does, when the process has ended, what it did not get to. @returns whether there was any.
  bool DoAbandoned(const World& world, uint32_t* id, bool* all);

 private:
  UniqueFd socket_;
  Child process_;
  // Paths of the cgroups, relative to the host's root, each with a NUL after it.
  std::unordered_map<uint32_t, std::string> jobs_;
};

}  // namespace sandpiper
