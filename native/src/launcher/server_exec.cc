#include <csignal>

#include "server.h"

// What the server does about the programs that are run in sandboxes besides their own.
namespace sandpiper {
namespace {

// native/lib/exec.ts knows it by its errno and call.
Failure SandboxEnded() { return {ESRCH, "exec", "sandbox that has ended"}; }

}  // namespace

Status Server::Exec(Frame& frame) {
  const std::optional<ExecRequest> request = DecodeExec(frame.payload);
  if (!request || frame.fds.size() != 1) return Malformed();
  const auto sandbox = sandboxes_.find(request->sandbox);
  if (sandbox == sandboxes_.end() || !sandbox->second->Runs()) return SandboxEnded();
  Result<std::unique_ptr<Execution>> started = Execution::Start(
      *world_, *sandbox->second, request->program, seccomp_filter_, std::move(frame.fds[0]));
  // Whatever the call was that it failed in.
  if (!started.ok() && !sandbox->second->Runs()) return SandboxEnded();
  std::unique_ptr<Execution> execution = TRY(std::move(started));
  const uint32_t id = frame.header.id;
  TRY(Watch(execution->helper().pidfd(), kOnHelperEnd | id));
  executions_[id] = std::move(execution);
  return {};
}

void Server::OnHelperEnd(uint32_t id) {
  const auto found = executions_.find(id);
  if (found == executions_.end() || !found->second->helper().valid()) return;
  Execution& execution = *found->second;
  const Status status = execution.HelperEnded();
  execution.started = status.ok();
  const Child& program = execution.program();
  if (status.ok()) {
    channel_.Send(
        wire::Writer(wire::Reply::kStarted, id).U32(static_cast<uint32_t>(program.pid())));
  } else {
    SendFailure(id, execution.sandbox().Runs() ? status.failure() : SandboxEnded());
    program.Signal(SIGKILL);
  }
  const bool watched = program.valid() && Watch(program.pidfd(), kOnExecEnd | id).ok();
  if (!watched) OnExecEnd(id);
}

void Server::OnExecEnd(uint32_t id) {
  const auto found = executions_.find(id);
  if (found == executions_.end()) return;
  const std::unique_ptr<Execution> execution = std::move(found->second);
  executions_.erase(found);
  execution->program().Signal(SIGKILL);
  const int status = execution->program().valid() ? execution->program().Reap() : SIGKILL;
  if (!execution->started) return;
  channel_.Send(wire::Writer(wire::Reply::kEnded, id).U32(static_cast<uint32_t>(status)));
}

void Server::KillHelpers(const Sandbox& sandbox) {
  for (const auto& [id, execution] : executions_) {
    if (&execution->sandbox() == &sandbox) execution->helper().Signal(SIGKILL);
  }
}

void Server::EndExecutions(const Sandbox& sandbox) {
  KillHelpers(sandbox);
  std::vector<uint32_t> ids;
  for (const auto& [id, execution] : executions_) {
    if (&execution->sandbox() == &sandbox) ids.push_back(id);
  }
  for (const uint32_t id : ids) {
    OnHelperEnd(id);
    OnExecEnd(id);
  }
}

}  // namespace sandpiper
