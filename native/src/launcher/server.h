#pragma once

#include <sys/resource.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "blanks.h"
#include "channel.h"
#include "execution.h"
#include "janitor.h"
#include "result.h"
#include "sandbox.h"
#include "spares.h"
#include "stage.h"
#include "tool.h"
#include "unique_fd.h"
#include "world.h"

namespace sandpiper {

// Serves requests until the runner's end of the socket closes; then kills every sandbox, waits for
// them and returns. One thread, one epoll, nothing that waits but the making of namespaces and
// mounts.
class Server {
 public:
  explicit Server(UniqueFd socket) : channel_(std::move(socket)) {}
  // 0, or 1 when it could not even wait for events.
  int Run();

 private:
  // What an event is about: kind in the upper half, sandbox or exec in the lower, or the serial
  // number of a spare.
  static constexpr uint64_t kOnRequest = 0;
  static constexpr uint64_t kOnReport = uint64_t{1} << 32;
  static constexpr uint64_t kOnChildren = uint64_t{2} << 32;
  static constexpr uint64_t kOnProgramEnd = uint64_t{3} << 32;
  static constexpr uint64_t kOnUsageTimer = uint64_t{4} << 32;
  static constexpr uint64_t kOnJanitor = uint64_t{5} << 32;
  static constexpr uint64_t kOnSpare = uint64_t{6} << 32;

  static Failure Malformed() { return {EBADMSG, "decode", "request"}; }
  // Whether something is still to end.
  [[nodiscard]] bool HasWork() const;
  // Waits for events and does what they ask for. False when it can't wait.
  bool Turn();
  // Longest that a turn may wait for events, in milliseconds; -1: for ever.
  [[nodiscard]] int TurnMs() const;
  // Makes one of what is to be kept ready and is not.
  void MakeReady();
  void PrepareSpare();
  void AnswerReady();
  [[nodiscard]] bool IsLacking() const { return spares_.IsLacking() || blanks_.IsLacking(); }
  [[nodiscard]] Supplies supplies() { return {*world_, seccomp_filter_, blanks_}; }
  void OnEvent(uint64_t data, uint32_t events);
  void ReadRequests();
  void Handle(Frame frame);
  Status Dispatch(Frame& frame);
  Status Configure(Frame& frame);
  Status CreateStage(const Frame& frame);
  Status DestroyStage(const Frame& frame);
  Status Prepare(const Frame& frame);
  Status KeepLayers(const Frame& frame);
  Status Start(Frame& frame);
  uint32_t NextSerial() { return next_serial_++; }
  Status Exec(Frame& frame);
  Status MountWorkspace(const Frame& frame);
  Status AddNetwork(const Frame& frame);
  Status RunTool(Frame& frame);
  void Signal(const Frame& frame);

  // `is_last`: the init's end is closed, or it was reaped.
  void OnReport(uint32_t id, bool is_last);
  void OnStartReport(uint32_t id, Sandbox& sandbox, Report& report);
  // Lets a sandbox that is prepared begin with its program.
  void Begin(uint32_t id, Sandbox& sandbox);
  // Tells why a sandbox can't begin, and ends it.
  void FailStart(uint32_t id, Sandbox& sandbox, const Failure& failure);
  Status WatchChildren();
  // Reaps what has ended, and never waits: a program may be kept by a process that traces it, until
  // its sandbox ends. Programs can also make children, and traced threads, of the launcher, which
  // it has to reap as nobody else does. @returns whether there may be more.
  bool ReapChildren();
  void OnReaped(pid_t pid, int status, const rusage& usage);
  void OnInitEnd(uint32_t id);
  void OnProgramEnd(uint32_t id);
  // Tells what is to be told of an execution one of whose processes was reaped.
  void OnExecutionChange(uint32_t id);
  void OnHelperEnd(uint32_t id, Execution& execution);
  // Kills it. It is over for the runner at once, whenever its processes can be reaped.
  void KillExecution(uint32_t id, Execution& execution);
  void TellExecutionEnd(uint32_t id, Execution& execution, int status);
  void FinishExecution(uint32_t id);
  void KillTools(uint32_t stage);
  // Whether the process that was reaped is that of a tool, whose end it tells then.
  bool ReapedTool(pid_t pid, int status);
  // Tells how a sandbox ended and removes what it had. Not before its helpers are gone, which are
  // in its cgroups.
  void FinishSandbox(uint32_t id);
  void OnCleaned(uint32_t id, bool all);
  void OnJanitor();
  void OnJanitorEnd();
  void SignalSandbox(Sandbox& sandbox, int signal);
  // Kills what starts programs in a sandbox that was killed. Whatever may hold a helper up, it must
  // not be what the sandbox's end waits for: the init ends only when the launcher has reaped a
  // program that the helper may have made.
  void KillHelpers(const Sandbox& sandbox);
  // `sandbox` is null when there never was one.
  void SendEnd(uint32_t id, Sandbox* sandbox);
  void SendCleaned(uint32_t id, bool cgroups_removed, const char* cgroup_name);
  // Answers those that waited for the last prepared sandbox of their stage to end.
  void AnswerDestroys();
  void SendFailure(uint32_t id, const Failure& failure);
  static void WriteFailure(wire::Writer& reply, const Failure& failure);
  static void WriteOutput(wire::Writer& reply, Sandbox* sandbox);

  // Tells about every second what the sandboxes use that are to be told about, while there are any.
  Status WatchUsage();
  void SetUsageTimer(bool on);
  void BeginUsage(Sandbox& sandbox);
  void SendUsage();
  static void WriteLayer(wire::Writer& reply, const LayerUse& use);
  // `usage` is null for one that nothing is known of.
  static void WriteNetwork(wire::Writer& reply, const UsageMeter* usage);

  Status Watch(int fd, uint64_t key, uint32_t events);
  void ShutDown();

  Channel channel_;
  UniqueFd epoll_;
  UniqueFd children_;
  UniqueFd usage_timer_;
  bool usage_timer_on_ = false;
  std::optional<World> world_;
  std::string seccomp_filter_;
  std::unordered_map<uint32_t, std::unique_ptr<Stage>> stages_;
  // Those too.
  Spares spares_;
  Blanks blanks_;
  // When a start was last asked for.
  uint64_t last_start_ns_ = 0;
  // Stages that were destroyed, by the request that is to be answered.
  std::unordered_map<uint32_t, uint32_t> destroys_;
  uint32_t next_serial_ = 1;
  Janitor janitor_;
  // Names of the cgroups of sandboxes that are being cleaned up.
  std::unordered_map<uint32_t, std::string> cleaning_;
  // The last one, so that a failure that points into it can be told.
  std::shared_ptr<const Order> current_order_;
  // After the stages, so that it is destroyed before them.
  std::unordered_map<uint32_t, std::unique_ptr<Sandbox>> sandboxes_;
  // After the sandboxes, which can't end before them.
  std::unordered_map<uint32_t, std::unique_ptr<Execution>> executions_;
  std::unordered_map<uint32_t, Tool> tools_;
  // Children may have ended that are not reaped yet.
  bool more_children_ = false;
  bool ending_ = false;
};

}  // namespace sandpiper
