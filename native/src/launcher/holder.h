#pragma once

#include <sys/types.h>

#include "report.h"
#include "result.h"
#include "unique_fd.h"

namespace sandpiper {

// A child process that holds new namespaces until descriptors of them are open. It does its work
// inside the namespaces in one or two parts, each when it is told to, and ends with the object.
class Holder {
 public:
  // Null: nothing.
  using Part = Status (*)();

  static Result<Holder> Start(int clone_flags, Part first, Part second = nullptr);
  Holder(Holder&& other) noexcept;
  Holder& operator=(Holder&&) = delete;
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Lets the child do its next part.
  Status Begin();
  // Waits until it is done. The failure's text is good until the next call.
  Status Finish();
  // Both.
  Status Proceed();
  // A descriptor of the child's namespace of that /proc/PID/ns name.
  [[nodiscard]] Result<UniqueFd> Namespace(const char* name) const;
  // Writes a file of the child's directory in /proc.
  [[nodiscard]] Status WriteProcFile(const char* name, const char* text) const;

 private:
  Holder(pid_t pid, UniqueFd go, UniqueFd reports);
  [[nodiscard]] Result<UniqueFd> OpenProcFile(const char* name, int flags) const;

  pid_t pid_;
  UniqueFd go_;
  UniqueFd reports_;
};

}  // namespace sandpiper
