#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "server.h"
#include "wait_status.h"

// How the server reaps the launcher's children.
namespace sandpiper {
namespace {

// Most to be reaped before the server looks for requests again: a program can make many.
constexpr int kReapedAtOnceMax = 64;

}  // namespace

Status Server::WatchChildren() {
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  if (sigprocmask(SIG_BLOCK, &children, nullptr) < 0) return LastFailure("sigprocmask", "launcher");
  children_.Reset(signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!children_.valid()) return LastFailure("signalfd", "launcher");
  return Watch(children_.get(), kOnChildren, EPOLLIN);
}

bool Server::ReapChildren() {
  signalfd_siginfo info;
  // One however many have ended. Before they are reaped, so that none is missed.
  (void)!read(children_.get(), &info, sizeof(info));
  for (int i = 0; i < kReapedAtOnceMax; i++) {
    int status = 0;
    rusage usage{};
    const pid_t pid = wait4(-1, &status, WNOHANG | __WALL, &usage);
    // Only that there are no children is an answer.
    if (pid < 0) return errno != ECHILD;
    if (pid == 0) return false;
    if (IsEnd(status)) OnReaped(pid, status, usage);
  }
  return true;
}

void Server::OnReaped(pid_t pid, int status, const rusage& usage) {
  for (const auto& [id, sandbox] : sandboxes_) {
    if (sandbox->pid() != pid || sandbox->reaped()) continue;
    // What it told before it ended comes first: it may have ended since epoll was asked.
    OnReport(id, true);
    sandbox->Reaped(usage);
    return OnInitEnd(id);
  }
  if (janitor_.Reaped(pid)) return OnJanitorEnd();
  if (ReapedTool(pid, status)) return;
  if (spares_.Reaped(pid, *world_)) return AnswerDestroys();
  for (const auto& [id, execution] : executions_) {
    if (execution->Reaped(pid, status)) return OnExecutionChange(id);
  }
}

void Server::AnswerDestroys() {
  std::erase_if(destroys_, [&](const auto& destroy) {
    const auto& [request, stage] = destroy;
    if (spares_.HasDropped(stage)) return false;
    channel_.Send({wire::Reply::kDone, request});
    return true;
  });
}

}  // namespace sandpiper
