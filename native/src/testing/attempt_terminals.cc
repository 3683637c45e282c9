#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

#include <cerrno>
#include <cstdlib>

#include "attempt.h"

namespace {

constexpr long kTypeCharacter = 0x5412;
constexpr long kConsole = 0x541c;
constexpr long kHighBits = 1L << 32;

int OpenTerminal() {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0) return -1;
  return open(ptsname(terminal), O_RDWR | O_NOCTTY);
}

// Whether so many can be had.
long OpenTerminals(const char* count) {
  for (long i = std::atol(count); i > 0; i--) {
    if (posix_openpt(O_RDWR | O_NOCTTY) < 0) return -1;
  }
  return 0;
}

// In a child, whose own terminal it is: that is the one where a character may be typed.
long Type(long command) {
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    const int terminal = OpenTerminal();
    (void)ioctl(terminal, TIOCSCTTY, 0);
    char byte = 'x';
    _exit(Raw(SYS_ioctl, terminal, command, Address(&byte)) < 0 ? errno : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  errno = WEXITSTATUS(status);
  return errno == 0 ? 0 : -1;
}

long StandardTerminal(const char*) {
  for (const int fd : {0, 1, 2}) {
    if (isatty(fd) != 0) return 0;
  }
  return -1;
}

const Attempt kAttempts[] = {
    {"terminals", OpenTerminals},
    {"tiocsti", [](const char*) { return Type(kTypeCharacter); }},
    {"tiocsti-high-bits", [](const char*) { return Type(kTypeCharacter | kHighBits); }},
    {"tioclinux", [](const char*) { return Type(kConsole); }},
    {"controlling-terminal",
     [](const char*) { return static_cast<long>(open("/dev/tty", O_RDWR)); }},
    {"standard-terminal", StandardTerminal},
    {"terminal", [](const char*) { return static_cast<long>(OpenTerminal()); }},
};

}  // namespace

Attempts TerminalAttempts() { return kAttempts; }
