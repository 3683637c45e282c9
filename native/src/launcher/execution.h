#pragma once

#include <sys/types.h>

#include <csignal>
#include <memory>
#include <string>

#include "child.h"
#include "report.h"
#include "request.h"
#include "result.h"
#include "sandbox.h"
#include "unique_fd.h"
#include "world.h"

namespace sandpiper {

// A further program in a sandbox. A helper joins the sandbox and starts the program, which is a
// child of the launcher in the sandbox's pid namespace: the end of the sandbox's init kills it, and
// the init ends only when the launcher has reaped it (pid_namespaces(7)).
class Execution {
 public:
  // Most at once in one sandbox.
  static constexpr int kMax = 32;
  // With those that are over, but which a process that traces them keeps from being reaped.
  static constexpr int kWithDyingMax = 256;

  // The sandbox must outlive it.
  static Result<std::unique_ptr<Execution>> Start(const World& world, Sandbox& sandbox,
                                                  const ProgramRequest& program,
                                                  const std::string& seccomp_filter,
                                                  UniqueFd output);
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;
  // Kills what has not ended.
  ~Execution();

  [[nodiscard]] Sandbox& sandbox() const { return sandbox_; }
  [[nodiscard]] const Child& helper() const { return helper_; }
  // The program's process. Not valid before HelperEnded(), or when there is none.
  [[nodiscard]] const Child& program() const { return program_; }
  // As waitpid gives it; good when nothing of it is left.
  [[nodiscard]] int status() const { return status_; }
  // Whether both processes were reaped.
  [[nodiscard]] bool IsOver() const { return !helper_.valid() && !program_.valid(); }
  // Whether the runner was told that it does not run, or not any more: once its program has ended
  // or was killed, whether that can be reaped yet or not.
  [[nodiscard]] bool told() const { return told_; }
  // @returns whether that was to be told yet.
  bool Tell();
  // Takes note that a process was reaped. @returns whether it is one of its own.
  bool Reaped(pid_t pid, int status);
  // To be called once, when the helper was reaped. @returns whether the program runs, or ran; when
  // not, there may be a process of it that has still to end. The text is good until the next call.
  Status HelperEnded();
  void KillHelper() const { helper_.Signal(SIGKILL); }
  // Kills also a program that is half started, by which the helper may be held up.
  void Kill() const;

  // Whether the runner was told that it runs.
  bool started = false;
  // Whether HelperEnded() was called.
  bool prepared = false;

 private:
  explicit Execution(Sandbox& sandbox) : sandbox_(sandbox) { sandbox_.executions++; }
  Status MapShared();
  Status AdoptProgram();

  Sandbox& sandbox_;
  // In memory that the helper shares, and no program: 0, or the number of the program's process.
  // So that it is known even if the helper is killed, which may be at any time when the sandbox's
  // memory is at its limit: an unknown child would keep the sandbox from ending.
  pid_t* shared_pid_ = nullptr;
  UniqueFd reports_;
  Child helper_;
  Child program_;
  int status_ = SIGKILL;
  bool told_ = false;
};

}  // namespace sandpiper
