#include <sys/epoll.h>
#include <sys/wait.h>

#include <csignal>

#include "server.h"
#include "wait_status.h"

// What the server does about the programs that are run in sandboxes besides their own.
namespace sandpiper {
namespace {

// native/lib/exec.ts knows it by its errno and call.
Failure SandboxEnded() { return {ESRCH, "exec", "sandbox that has ended"}; }

}  // namespace

Status Server::Exec(Frame& frame) {
  Arena arena;
  const std::optional<ExecRequest> request = DecodeExec(frame.payload, arena);
  if (!request || frame.fds.size() != 1) return Malformed();
  const auto sandbox = sandboxes_.find(request->sandbox);
  if (sandbox == sandboxes_.end() || !sandbox->second->Runs()) return SandboxEnded();
  Result<std::unique_ptr<Execution>> started = Execution::Start(
      *world_, *sandbox->second, request->program, seccomp_filter_, std::move(frame.fds[0]));
  // Whatever the call was that it failed in.
  if (!started.ok() && !sandbox->second->Runs()) return SandboxEnded();
  std::unique_ptr<Execution> execution = TRY(std::move(started));
  const uint32_t id = frame.header.id;
  executions_[id] = std::move(execution);
  return {};
}

void Server::OnExecutionChange(uint32_t id) {
  Execution& execution = *executions_[id];
  if (execution.helper().valid()) return;
  if (!execution.prepared) OnHelperEnd(id, execution);
  if (!execution.IsOver()) return;
  TellExecutionEnd(id, execution, execution.status());
  FinishExecution(id);
}

void Server::OnHelperEnd(uint32_t id, Execution& execution) {
  const Status status = execution.HelperEnded();
  const Child& program = execution.program();
  // Once: a program that has ended and can't be reaped yet would be told again and again.
  if (program.valid()) {
    (void)Watch(program.pidfd(), kOnProgramEnd | id, EPOLLIN | EPOLLONESHOT);
  }
  if (!status.ok() || execution.told()) program.Signal(SIGKILL);
  if (execution.told()) return;
  execution.started = status.ok();
  if (status.ok()) {
    const auto pid = static_cast<uint32_t>(program.valid() ? program.pid() : 0);
    channel_.Send(wire::Writer(wire::Reply::kStarted, id).U32(pid));
  } else {
    execution.Tell();
    SendFailure(id, execution.sandbox().Runs() ? status.failure() : SandboxEnded());
  }
}

// Either it can be reaped now, or who traces it has it: it is over all the same.
void Server::OnProgramEnd(uint32_t id) {
  const auto found = executions_.find(id);
  if (found == executions_.end() || !found->second->program().valid()) return;
  int status = 0;
  rusage usage{};
  const pid_t pid = found->second->program().pid();
  const pid_t reaped = wait4(pid, &status, WNOHANG | __WALL, &usage);
  // No answer: ReapChildren asks again.
  if (reaped < 0) return;
  if (reaped == pid && IsEnd(status)) return OnReaped(pid, status, usage);
  TellExecutionEnd(id, *found->second, SIGKILL);
}

void Server::KillExecution(uint32_t id, Execution& execution) {
  execution.Kill();
  TellExecutionEnd(id, execution, SIGKILL);
}

void Server::TellExecutionEnd(uint32_t id, Execution& execution, int status) {
  if (!execution.Tell()) return;
  if (!execution.started) return SendFailure(id, {ECANCELED, "exec", "program that was killed"});
  channel_.Send(wire::Writer(wire::Reply::kEnded, id).U32(static_cast<uint32_t>(status)));
}

void Server::FinishExecution(uint32_t id) {
  const Sandbox& sandbox = executions_[id]->sandbox();
  executions_.erase(id);
  if (!sandbox.reaped() || sandbox.executions > 0) return;
  for (const auto& [sandbox_id, one] : sandboxes_) {
    if (one.get() == &sandbox) return FinishSandbox(sandbox_id);
  }
}

void Server::KillHelpers(const Sandbox& sandbox) {
  for (const auto& [id, execution] : executions_) {
    if (&execution->sandbox() == &sandbox) execution->KillHelper();
  }
}

}  // namespace sandpiper
