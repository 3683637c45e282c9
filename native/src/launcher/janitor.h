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

// Does what sandboxes need before and after them in a process of its own: the kernel takes longer
// to mount an image, to unmount and to remove cgroups than for all else of a sandbox, and the
// launcher goes on meanwhile.
class Janitor {
 public:
  // What the process has done.
  struct Done {
    enum class Kind : uint32_t { kCleaned = 1, kImage = 2 };
    Kind kind;
    // As it was asked for.
    uint32_t id;
    // Cleaned: whether all cgroups are gone.
    bool all;
    // Image: its file system's mount, detached; invalid when it could not be made.
    UniqueFd image;
  };

  // Starts the process. Without one, Clean does the work itself.
  Status Start(const World& world);
  // Ends the process and waits for that, so that it is not seen longer than the launcher.
  void Stop();
  // Readable when something was done.
  [[nodiscard]] int fd() const { return socket_.get(); }

  // Takes the sandbox's mounts and cgroups away. @returns whether that is to be waited for: then
  // Next tells of it. Else it is done, and `all` says whether all cgroups are gone.
  bool Clean(uint32_t id, Sandbox& sandbox, const World& world, bool* all);
  // Mounts an image, as MountImage does. @returns whether that is to be waited for; else there is
  // nobody to do it.
  bool MakeImage(uint32_t id, const char* pattern, const char* directory);
  // The next thing that was done, if there is one.
  bool Next(Done* done);
  // Whether the process that was reaped is the janitor. What it was to clean has to be cleaned
  // anew, which DoAbandoned does one by one; images that it was to make are not made.
  bool Reaped(pid_t pid);
  // Whether something is still to be cleaned.
  [[nodiscard]] bool busy() const { return !jobs_.empty(); }
  // Does, when the process has ended, what it did not get to. @returns whether there was any.
  bool DoAbandoned(const World& world, uint32_t* id, bool* all);

 private:
  UniqueFd socket_;
  Child process_;
  // What is to be cleaned: paths of the cgroups, relative to the host's root, each with a NUL
  // after it.
  std::unordered_map<uint32_t, std::string> jobs_;
};

}  // namespace sandpiper
