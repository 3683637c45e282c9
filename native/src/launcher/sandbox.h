#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "contain.h"
#include "report.h"
#include "request.h"
#include "result.h"
#include "stage.h"
#include "unique_fd.h"
#include "usage_meter.h"
#include "world.h"
#include "writable.h"

namespace sandpiper {

// The launcher's side of a sandbox: its init, seen by a pidfd, and the pipe that the init reports
// to.
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

  // `payload` is what `request` points into, and is taken when the start succeeds: a failure may
  // point there too. The stage must outlive the sandbox.
  static Result<std::unique_ptr<Sandbox>> Start(const World& world, Stage& stage,
                                                std::string& payload, StartRequest request,
                                                const std::string& seccomp_filter, UniqueFd output);
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  // Kills it, unless it has ended.
  ~Sandbox();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  [[nodiscard]] int reports() const { return reports_.get(); }
  [[nodiscard]] const StartRequest& request() const { return request_; }
  [[nodiscard]] const Stage& stage() const { return stage_; }
  // Whether the program runs, or ran, and the init was not killed and has not begun to end: that is
  // when it leaves its namespaces.
  [[nodiscard]] bool Runs() const;

  // The next report of the init, if there is one.
  [[nodiscard]] bool NextReport(Report* report) const;
  void Signal(int signal);
  // Takes note that the init was reaped, and with it everything in its pid namespace.
  void Reaped(const rusage& usage);
  [[nodiscard]] bool reaped() const { return reaped_; }
  // How it ended, when it was reaped.
  [[nodiscard]] const End& end() const { return end_; }

  // To be called when the program runs. Keeps the sandbox's mounts when its init has ended:
  // unmounting them then is the launcher's work, after the end was told, and not the init's before
  // it.
  void HoldMounts();
  void ReleaseMounts();
  // Good between the two.
  [[nodiscard]] LayerUse MeasureRoot() const {
    return MeasureLayer(request_.root.writable.kind, root_.get());
  }

  // Begins to count what it uses, from now on, when its request asks for that.
  void BeginUsage();
  // Null when it did not begin.
  [[nodiscard]] const UsageMeter* usage() const { return usage_.get(); }

  // Whether the runner was told that it runs, or why not.
  bool answered = false;

  // Further programs that run in it.
  int executions = 0;
  // Those of them that are over for the runner, but whose processes were not reaped yet.
  int dying_executions = 0;

 private:
  Sandbox(Stage& stage, StartRequest request);
  // `unified_cgroup` is the descriptor of one to be made in, or -1.
  [[nodiscard]] Result<UniqueFd> OpenOfInit(const char* name, int flags) const;
  [[nodiscard]] Result<UniqueFd> OpenMountNamespace() const {
    return OpenOfInit("ns/mnt", O_RDONLY);
  }
  Status Fork(const Containment& containment, int unified_cgroup);

  Stage& stage_;
  std::string payload_;
  StartRequest request_;
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd reports_;
  UniqueFd mount_namespace_;
  UniqueFd root_;
  std::unique_ptr<UsageMeter> usage_;
  bool has_run_ = false;
  bool killed_ = false;
  bool reaped_ = false;
  End end_{};
};

}  // namespace sandpiper
