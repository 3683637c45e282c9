#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "cgroup.h"
#include "contain.h"
#include "order.h"
#include "report.h"
#include "request.h"
#include "result.h"
#include "stage.h"
#include "unique_fd.h"
#include "usage_meter.h"
#include "world.h"
#include "writable.h"

namespace sandpiper {

class Blanks;

// Whether one sandbox can be prepared for both: the same root on a new layer, the same network,
// /dev/shm, output file, and kinds of limits. A layer in a directory of the host's is for one
// sandbox only.
bool IsAlike(const StartRequest& one, const StartRequest& other);

// What all sandboxes of a launcher are made with.
struct Supplies {
  const World& world;
  const std::string& seccomp_filter;
  Blanks& blanks;
};

// The launcher's side of a sandbox: its init, seen by a pidfd, and the socket through which that
// gets its order and reports.
class Sandbox {
 public:
  // How it ended. `by_init` is false when the init itself was killed before it could tell.
  struct End {
    bool by_init;
    Report report;
    uint64_t cpu_us;
    // What its processes made the disks read and write. Cgroups of version 1 don't know who wrote
    // what the page cache writes later; here it counts when it is put there.
    uint64_t read_bytes;
    uint64_t written_bytes;
  };

  // Starts an init, which makes ready all that does not depend on the program, and then waits for
  // its order. Of `shape` only that counts which IsAlike compares. `serial` is a number that no
  // other sandbox of this launcher has. The stage must outlive the sandbox, unless it is discarded.
  static Result<std::unique_ptr<Sandbox>> Prepare(const Supplies& supplies, Stage& stage,
                                                  std::shared_ptr<const Order> shape,
                                                  uint32_t serial);
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  // Kills it, unless it has ended.
  ~Sandbox();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  [[nodiscard]] int channel() const { return channel_.get(); }
  [[nodiscard]] const StartRequest& request() const { return order_->request; }
  [[nodiscard]] const Stage& stage() const { return *stage_; }
  [[nodiscard]] const char* cgroup_name() const { return cgroup_name_; }
  [[nodiscard]] Cgroups cgroups(const World& world) const {
    return {world.host.get(), order_->request.cgroups, cgroup_name_};
  }

  // Makes it that of an order, to be begun when its init has reported that it is prepared.
  void Take(std::shared_ptr<const Order> order, UniqueFd output, UniqueFd errors);
  // Gives it its program. When that fails the sandbox has to be killed.
  Status Begin(const World& world);
  // Whether it was prepared for what `request` asks for, in this stage.
  [[nodiscard]] bool IsFor(const Stage& stage, const StartRequest& request) const;
  // Whether its init has reported that it is prepared, and what it told was read.
  [[nodiscard]] bool is_prepared() const { return is_prepared_; }
  // Whether it has not failed so far. To be asked only before it is taken.
  [[nodiscard]] bool IsSound() const;
  // Its stage goes, and it with it: kills it. It has still to be reaped.
  void Discard();
  // Whether the program runs, or ran, and the init was not killed and has not begun to end: that is
  // when it leaves its namespaces.
  [[nodiscard]] bool Runs() const;

  // The next report of the init, if there is one.
  bool NextReport(Report* report);
  void Signal(int signal);
  // Takes note that the init was reaped, and with it everything in its pid namespace.
  void Reaped(const rusage& usage);
  [[nodiscard]] bool reaped() const { return reaped_; }
  // How it ended, when it was reaped.
  [[nodiscard]] const End& end() const { return end_; }

  // The launcher keeps the sandbox's mounts when its init has ended, until this.
  void ReleaseMounts();
  // The same, when another process has descriptors of them.
  void LeaveMounts();
  // Their descriptors, for `mounts` with room for three: mount namespace, root, and the layer's
  // file system if it has one of its own. @returns how many.
  size_t mounts(int* mounts) const;
  // Good before that.
  [[nodiscard]] LayerUse MeasureRoot() const {
    return MeasureLayer(request().root.writable.kind, root_.get());
  }

  [[nodiscard]] bool HasRootLostWrites() const {
    return HasLostWrites(request().root.writable.kind, root_.get());
  }

  // What its program wrote to the output file, good once when it has ended; nothing if there is
  // none.
  std::optional<Result<std::string>> TakeOutput();

  // Begins to count what it uses, from now on, when its request asks for that.
  void BeginUsage();
  // Null when it did not begin.
  [[nodiscard]] UsageMeter* usage() const { return usage_.get(); }

  // Whether the runner was told that it runs, or why not.
  bool answered = false;

  // Further programs that run in it.
  int executions = 0;
  // Those of them that are over for the runner, but whose processes were not reaped yet.
  int dying_executions = 0;

 private:
  Sandbox(Stage& stage, std::shared_ptr<const Order> shape, uint32_t serial);
  // `unified_cgroup` is the descriptor of one to be made in, or -1.
  [[nodiscard]] Result<UniqueFd> OpenMountNamespace() const;
  // Opens what the prepared init has.
  Status FetchMounts(const Report& report);
  Status FetchOutputFile(const Report& report);
  [[nodiscard]] Result<UniqueFd> OpenOfInit(int fd, int flags) const;
  Status Fork(const Containment& containment, int unified_cgroup);
  Status SetHostname(const World& world) const;
  void GiveTime() const;

  // Null once it was discarded.
  Stage* stage_;
  // What it was prepared for, later what it is.
  std::shared_ptr<const Order> order_;
  char cgroup_name_[16];
  UniqueFd output_;
  UniqueFd errors_;
  bool is_taken_ = false;
  bool is_prepared_ = false;
  // Whether the limits of its cgroups are those of its order already.
  bool is_limited_ = true;
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  // The launcher's end of the conversation with the init.
  UniqueFd channel_;
  UniqueFd mount_namespace_;
  UniqueFd root_;
  UniqueFd layer_;
  UniqueFd output_file_;
  Status fetched_;
  std::unique_ptr<UsageMeter> usage_;
  bool runs_ = false;
  bool killed_ = false;
  bool reaped_ = false;
  End end_{};
};

}  // namespace sandpiper
