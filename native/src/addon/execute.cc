#include "execute.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <unistd.h>

#include <csignal>

namespace sandpiper {
namespace {

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& string : strings) pointers.push_back(const_cast<char*>(string.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Handlers go with the program, but what is ignored or blocked stays so: Node ignores SIGPIPE.
void ForgetSignals() {
  (void)std::signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  (void)pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

// Node marks the standard streams as well.
void KeepOnlyStandardStreams() {
  (void)close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) (void)fcntl(fd, F_SETFD, 0);
}

}  // namespace

Failure Execute(const std::string& path, const std::vector<std::string>& argv,
                const std::vector<std::string>& env) {
  const std::vector<char*> arguments = Pointers(argv);
  const std::vector<char*> variables = Pointers(env);
  ForgetSignals();
  KeepOnlyStandardStreams();
  (void)execve(path.c_str(), arguments.data(), variables.data());
  return LastFailure("execve", "program");
}

}  // namespace sandpiper
