#pragma once

#include <sys/types.h>

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

  // The sandbox must outlive it.
  static Result<std::unique_ptr<Execution>> Start(const World& world, Sandbox& sandbox,
                                                  const ProgramRequest& program,
                                                  const std::string& seccomp_filter,
                                                  UniqueFd output);
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;
  // Kills and reaps what nobody has.
  ~Execution();

  [[nodiscard]] const Sandbox& sandbox() const { return sandbox_; }
  [[nodiscard]] Child& helper() { return helper_; }
  // The program's process. Not valid before HelperEnded(), or when there is none.
  [[nodiscard]] Child& program() { return program_; }
  // Reaps the helper, which must have ended. @returns whether the program runs; when it does not,
  // there may be a process of it that has still to be reaped. The text is good until the next call.
  Status HelperEnded();

  // Whether the runner was told that it runs.
  bool started = false;

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
};

}  // namespace sandpiper
