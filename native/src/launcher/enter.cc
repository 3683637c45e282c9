#include "enter.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "holder.h"
#include "sys.h"

namespace sandpiper {
namespace {

constexpr const char* kFailureVariable = "SANDPIPER_ENTER_FAILURE";
constexpr int kProgramAt = 5;
constexpr size_t kComplaintBytesMax = 1000;

struct Ids {
  const char* own;
  const char* first;
  const char* count;
};

[[noreturn]] void ExecuteHelper(const char* name, const char* pid, const Ids& ids, int complaints) {
  (void)dup2(complaints, STDERR_FILENO);
  (void)execlp(name, name, pid, "0", ids.own, "1", "1", ids.first, ids.count, nullptr);
  (void)dprintf(complaints, "%s: %s", name, errno == ENOENT ? "not found" : "can't be executed");
  _exit(127);
}

std::string ReadAll(int fd) {
  std::string text;
  char buffer[256];
  while (true) {
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    if (text.size() < kComplaintBytesMax) text.append(buffer, static_cast<size_t>(got));
  }
  return text.substr(0, text.find_last_not_of(" \n") + 1);
}

std::string Describe(const Failure& failure) {
  return std::string(failure.call) + " on " + failure.object + ": errno " +
         std::to_string(failure.error);
}

// What went wrong, in the helper's own words; empty when nothing did.
std::string WriteMap(const char* helper, const std::string& pid, const Ids& ids) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return Describe(LastFailure("pipe2", helper));
  const UniqueFd complaints(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t child = fork();
  if (child < 0) return Describe(LastFailure("fork", helper));
  if (child == 0) ExecuteHelper(helper, pid.c_str(), ids, write_end.get());
  write_end.Reset();
  const std::string complaint = ReadAll(complaints.get());
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return complaint.empty() ? std::string(helper) + ": failed" : complaint;
}

// In a child first, so that this process stays as it is when the maps are refused.
std::string Enter(const char* uid, const char* gid, const char* count) {
  Result<Holder> started = Holder::Start(CLONE_NEWUSER, nullptr);
  if (!started.ok()) return Describe({started.failure().error, "clone", "user namespace"});
  const Holder holder = started.Take();
  const std::string pid = std::to_string(holder.pid());
  const std::string own_uid = std::to_string(getuid());
  const std::string own_gid = std::to_string(getgid());
  std::string failure = WriteMap("newuidmap", pid, {own_uid.c_str(), uid, count});
  if (failure.empty()) failure = WriteMap("newgidmap", pid, {own_gid.c_str(), gid, count});
  if (!failure.empty()) return failure;
  Result<UniqueFd> made = holder.Namespace("ns/user");
  if (!made.ok()) return Describe(made.failure());
  const UniqueFd user_namespace = made.Take();
  const Status entered = sys::SetNamespace(user_namespace.get(), CLONE_NEWUSER, "user namespace");
  return entered.ok() ? std::string() : Describe(entered.failure());
}

}  // namespace

int RunInUserNamespace(int argc, char** argv) {
  if (argc <= kProgramAt) return 2;
  const std::string failure = Enter(argv[2], argv[3], argv[4]);
  if (!failure.empty()) (void)setenv(kFailureVariable, failure.c_str(), 1);
  (void)execv(argv[kProgramAt], argv + kProgramAt);
  (void)std::fprintf(stderr, "can't execute %s: errno %d\n", argv[kProgramAt], errno);
  return 127;
}

}  // namespace sandpiper
