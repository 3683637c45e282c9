#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "channel.h"
#include "execution.h"
#include "result.h"
#include "sandbox.h"
#include "stage.h"
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
  // What an event is about: kind in the upper half, sandbox or exec in the lower.
  static constexpr uint64_t kOnRequest = 0;
  static constexpr uint64_t kOnReport = uint64_t{1} << 32;
  static constexpr uint64_t kOnEnd = uint64_t{2} << 32;
  static constexpr uint64_t kOnHelperEnd = uint64_t{3} << 32;
  static constexpr uint64_t kOnExecEnd = uint64_t{4} << 32;

  static Failure Malformed() { return {EBADMSG, "decode", "request"}; }
  void ReadRequests();
  void Handle(Frame frame);
  Status Dispatch(Frame& frame);
  Status Configure(Frame& frame);
  Status CreateStage(const Frame& frame);
  Status DestroyStage(const Frame& frame);
  Status Start(Frame& frame);
  Status Exec(Frame& frame);
  void Signal(const Frame& frame);

  void OnReport(uint32_t id);
  void OnEnd(uint32_t id);
  void OnHelperEnd(uint32_t id);
  void OnExecEnd(uint32_t id);
  void SignalSandbox(Sandbox& sandbox, int signal);
  // Kills what starts programs in a sandbox that was killed. Whatever may hold a helper up, it must
  // not be what the sandbox's end waits for: the init ends only when the launcher has reaped a
  // program that the helper may have made.
  void KillHelpers(const Sandbox& sandbox);
  // Ends what is left of the execs of a sandbox whose init has ended: helpers that came too late.
  void EndExecutions(const Sandbox& sandbox);
  void SendEnd(uint32_t id, const Sandbox::End& end, const std::vector<std::string>& cgroup_files);
  void SendCleaned(uint32_t id, bool cgroups_removed);
  void SendFailure(uint32_t id, const Failure& failure);
  Status Watch(int fd, uint64_t key);
  void ShutDown();

  Channel channel_;
  UniqueFd epoll_;
  std::optional<World> world_;
  std::string seccomp_filter_;
  std::unordered_map<uint32_t, std::unique_ptr<Stage>> stages_;
  // After the stages, so that it is destroyed before them.
  std::unordered_map<uint32_t, std::unique_ptr<Sandbox>> sandboxes_;
  // After the sandboxes, which can't end before them.
  std::unordered_map<uint32_t, std::unique_ptr<Execution>> executions_;
  bool ending_ = false;
};

}  // namespace sandpiper
