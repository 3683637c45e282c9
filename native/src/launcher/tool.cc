#include "tool.h"

#include <linux/sched.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

#include "cgroup.h"
#include "namespaces.h"
#include "program.h"
#include "sys.h"

namespace sandpiper {
namespace {

constexpr int kNotStarted = 127;
constexpr int kFirstNetwork = 3;
// What is left then goes with the launcher.
constexpr int kRemovalsMax = 3;

// All that the new processes need, so that they allocate nothing.
struct Tooling {
  const World& world;
  const Stage& stage;
  const ToolRequest& request;
  // One for each of the request's, with close-on-exec, above those that they get.
  const std::vector<UniqueFd>& networks;
  int input;
  int output;
  Cgroups cgroups;
};

char* const kEnvironment[] = {
    const_cast<char*>("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    const_cast<char*>("LC_ALL=C.UTF-8"), nullptr};

Status Check(long result, const char* call, const char* object) {
  if (result < 0) return LastFailure(call, object);
  return {};
}

Status SetDescriptors(const Tooling& t) {
  TRY(Check(dup2(t.input, STDIN_FILENO), "dup2", "input"));
  TRY(Check(dup2(t.output, STDOUT_FILENO), "dup2", "output"));
  TRY(Check(dup2(t.output, STDERR_FILENO), "dup2", "output"));
  int next = kFirstNetwork;
  for (const UniqueFd& network : t.networks) {
    TRY(Check(dup2(network.get(), next++), "dup2", "network"));
  }
  return Check(close_range(static_cast<unsigned>(next), ~0U, 0), "close_range", "descriptors");
}

// execvpe allocates; the directories are few.
void ExecuteAnywhere(char* const* argv) {
  if (std::strchr(argv[0], '/') != nullptr) {
    execve(argv[0], argv, kEnvironment);
    return;
  }
  for (const char* directory :
       {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}) {
    char path[512];
    (void)std::snprintf(path, sizeof(path), "%s/%s", directory, argv[0]);
    execve(path, argv, kEnvironment);
    if (errno != ENOENT && errno != ENOTDIR) return;
  }
}

Status Execute(const Tooling& t) {
  if (t.request.enters) {
    TRY(sys::SetNamespace(t.networks[0].get(), CLONE_NEWNET, "network namespace"));
  }
  TRY(SetDescriptors(t));
  TRY(Check(setsid(), "setsid", "tool"));
  ExecuteAnywhere(t.request.argv.data());
  return LastFailure("execve", t.request.argv[0]);
}

void Tell(int output, const Failure& failure) {
  (void)dprintf(output, "%s on %s: errno %d\n", failure.call, failure.object, failure.error);
}

// The init of the tool's pid namespace: whatever is left of it goes with this process.
int WaitForProgram(pid_t program) {
  while (true) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, 0);
    // There is a child until the program has ended: no other failure is an answer.
    if (ended < 0 && errno == ECHILD) return kNotStarted;
    if (ended != program) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
}

Status Prepare(const Tooling& t) {
  (void)prctl(PR_SET_NAME, "sandpiper-tool");
  TRY(Check(dup2(t.output, STDERR_FILENO), "dup2", "output"));
  TRY(DieWithLauncher(t.world, "tool"));
  TRY(ShareOutputs({t.output, t.output}, t.stage.ids_start()));
  TRY(EnterCgroups(t.cgroups));
  sigset_t none;
  sigemptyset(&none);
  TRY(Check(sigprocmask(SIG_SETMASK, &none, nullptr), "sigprocmask", "tool"));
  TRY(JoinTools(t.world.tools.get(), t.stage.user_namespace()));
  return DieWithLauncher(t.world, "tool");
}

[[noreturn]] void RunInit(const Tooling& t) {
  const Status prepared = Prepare(t);
  if (!prepared.ok()) {
    Tell(t.output, prepared.failure());
    _exit(kNotStarted);
  }
  const pid_t program = fork();
  if (program == 0) {
    Tell(STDERR_FILENO, Execute(t).failure());
    _exit(kNotStarted);
  }
  if (program < 0) Tell(t.output, LastFailure("fork", "tool"));
  (void)close_range(0, ~0U, 0);
  _exit(program < 0 ? kNotStarted : WaitForProgram(program));
}

Result<UniqueFd> MakeInput(const char* text) {
  UniqueFd file(memfd_create("input", MFD_CLOEXEC));
  if (!file.valid()) return LastFailure("memfd_create", "input");
  TRY(sys::Write(file.get(), text, std::strlen(text), "input"));
  if (lseek(file.get(), 0, SEEK_SET) < 0) return LastFailure("lseek", "input");
  return file;
}

// Above the numbers that they are to have, so that none is overwritten before its turn.
Result<std::vector<UniqueFd>> OpenNetworks(const Stage& stage, const ToolRequest& request) {
  std::vector<UniqueFd> networks;
  const int above = kFirstNetwork + static_cast<int>(request.networks.size());
  for (const char* name : request.networks) {
    const int network = TRY(stage.Network(name));
    networks.emplace_back(fcntl(network, F_DUPFD_CLOEXEC, above));
    if (!networks.back().valid()) return LastFailure("fcntl F_DUPFD_CLOEXEC", "network");
  }
  return networks;
}

// `unified` is the cgroup of version 2 to be made in, or -1.
long Clone(int unified) {
  clone_args arguments{};
  arguments.flags = CLONE_NEWPID;
  arguments.exit_signal = SIGCHLD;
  if (unified >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<uint64_t>(unified);
  }
  return syscall(SYS_clone3, &arguments, sizeof(arguments));
}

}  // namespace

Result<Tool> Tool::Start(const World& world, const Stage& stage, const ToolRequest& request,
                         UniqueFd output, uint32_t serial) {
  const UniqueFd input = TRY(MakeInput(request.input));
  const std::vector<UniqueFd> networks = TRY(OpenNetworks(stage, request));
  char name[16];
  (void)std::snprintf(name, sizeof(name), "t%u", serial);
  const Cgroups cgroups{world.host.get(), request.cgroups, name};
  const UniqueFd unified = TRY(MakeUnifiedCgroup(cgroups));
  const long pid = Clone(unified.get());
  if (pid == 0) {
    RunInit({world, stage, request, networks, input.get(), output.get(), cgroups});
  }
  const Failure failure = LastFailure("clone3", "tool");
  if (pid < 0) (void)sandpiper::RemoveCgroups(cgroups);
  if (pid < 0) return failure;
  return Tool(request.stage, Child(static_cast<pid_t>(pid), UniqueFd()), CgroupPaths(cgroups));
}

void Tool::RemoveCgroups(const World& world) const {
  bool all = false;
  for (int i = 0; i < kRemovalsMax && !all; i++) {
    all = RemoveCgroupPaths(world.host.get(), cgroups_.data(), cgroups_.size());
  }
}

void Tool::Kill() const { init_.Signal(SIGKILL); }

}  // namespace sandpiper
