// Tries what a hostile step would, from inside a sandbox: each argument is the name of an attempt,
// and the output has a line for each with the errno's name that came back, or "ok" where it worked.
#include "attempt.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "hold.h"
#include "watch.h"

namespace {

struct Act {
  const char* name;
  void (*run)();
};

const Act kActs[] = {{"trace-others", TraceOthers},
                     {"be-traced", BeTraced},
                     {"stop-traced", StopTracedByParent},
                     {"stop-starting", StopStarting},
                     {"leave-to-parent", LeaveToParent},
                     {"daemon", LeaveDaemon},
                     {"use-up-inotify", UseUpInotify},
                     {"stopped", StopAll},
                     {"swap", SwapForEver}};

bool RunAttempt(const char* whole, const std::string& name, const char* argument) {
  const Attempts areas[] = {MountAttempts(),  KernelAttempts(),   ProcessAttempts(), FileAttempts(),
                            SocketAttempts(), TerminalAttempts(), LimitAttempts()};
  for (const Attempts& area : areas) {
    for (const Attempt& attempt : area) {
      if (name != attempt.name) continue;
      errno = 0;
      const long result = attempt.run(argument);
      std::printf("%s %s\n", whole, result >= 0 ? "ok" : strerrorname_np(errno));
      return true;
    }
  }
  return false;
}

bool RunOther(const std::string& name, const char* argument) {
  for (const Act& act : kActs) {
    if (name != act.name) continue;
    act.run();
    return true;
  }
  for (const Bomb& bomb : Bombs()) {
    if (name != bomb.name) continue;
    bomb.run(std::atol(argument));
    return true;
  }
  if (name != "watch") return false;
  WatchProcesses(std::atoi(argument));
  return true;
}

void Run(const char* whole) {
  const char* colon = std::strchr(whole, ':');
  const std::string name(whole, colon == nullptr ? std::strlen(whole) : colon - whole);
  const char* argument = colon == nullptr ? "" : colon + 1;
  if (!RunAttempt(whole, name, argument) && !RunOther(name, argument)) {
    std::printf("%s unknown\n", whole);
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) Run(argv[i]);
  return 0;
}
