#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "attempt.h"

namespace {

constexpr size_t kMebibyte = size_t{1} << 20;

void Got(long much) {
  std::printf("got %ld\n", much);
  (void)std::fflush(stdout);
}

// Processes that wait, all killed at the end.
void Fork(long most) {
  const pid_t group = fork();
  if (group != 0) {
    waitpid(group, nullptr, 0);
    return;
  }
  setpgid(0, 0);
  long had = 0;
  for (; had < most; had++) {
    const pid_t child = fork();
    if (child < 0) break;
    if (child == 0) {
      while (true) pause();
    }
  }
  Got(had);
  kill(0, SIGKILL);
}

void TakeMemory(long mebibytes) {
  for (long had = 0; had < mebibytes; had++) {
    void* memory =
        mmap(nullptr, kMebibyte, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return Got(had);
    std::memset(memory, 1, kMebibyte);
  }
  Got(mebibytes);
}

void TakeDescriptors(long most) {
  for (long had = 0; had < most; had++) {
    if (open("/dev/null", O_RDONLY) < 0) return Got(had);
  }
  Got(most);
}

// Full pipes, each of 64 KiB of the kernel's memory.
void FillPipes(long most) {
  static const char bytes[65'536] = {};
  for (long had = 0; had < most; had++) {
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) < 0) return Got(had);
    (void)!write(ends[1], bytes, sizeof(bytes));
  }
  Got(most);
}

// Full sockets, each of some 200 KiB of the kernel's memory.
void FillSockets(long most) {
  static const char bytes[4096] = {};
  for (long had = 0; had < most; had++) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0) return Got(had);
    for (const int end : ends) {
      while (write(end, bytes, sizeof(bytes)) > 0) continue;
    }
  }
  Got(most);
}

// A connection to itself over the loopback, whose other end never reads.
bool ConnectToSelf(int ends[2]) {
  const int listening = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* general = reinterpret_cast<sockaddr*>(&address);
  ends[0] = socket(AF_INET, SOCK_STREAM, 0);
  const bool connected = bind(listening, general, size) == 0 && listen(listening, 1) == 0 &&
                         getsockname(listening, general, &size) == 0 &&
                         connect(ends[0], general, size) == 0;
  ends[1] = connected ? accept(listening, nullptr, nullptr) : -1;
  close(listening);
  return ends[1] >= 0;
}

// Sends until the other end's buffer and our own are full. @returns bytes.
size_t FillSocket(int end) {
  static const char bytes[65'536] = {};
  size_t taken = 0;
  ssize_t sent = 0;
  while ((sent = send(end, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
    taken += static_cast<size_t>(sent);
  }
  return taken;
}

// Full TCP connections. Prints how many mebibytes were taken.
void FillConnections(long most) {
  size_t taken = 0;
  for (long had = 0; had < most; had++) {
    int ends[2];
    if (!ConnectToSelf(ends)) break;
    for (int end : ends) taken += FillSocket(end);
  }
  Got(static_cast<long>(taken / kMebibyte));
}

// Messages of System V, 16 KiB in each queue.
void FillQueues(long most) {
  struct {
    long type = 1;
    char bytes[8000] = {};
  } message;
  for (long had = 0; had < most; had++) {
    const int queue = msgget(IPC_PRIVATE, 0600);
    if (queue < 0) return Got(had);
    for (int i = 0; i < 2; i++) (void)msgsnd(queue, &message, sizeof(message.bytes), IPC_NOWAIT);
  }
  Got(most);
}

// Empty files in the working directory.
void MakeFiles(long most) {
  char name[32];
  for (long had = 0; had < most; had++) {
    (void)std::snprintf(name, sizeof(name), "file-%ld", had);
    const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (fd < 0) return Got(had);
    close(fd);
  }
  Got(most);
}

// One file in the working directory.
void FillDisk(long mebibytes) {
  static char bytes[kMebibyte];
  std::memset(bytes, 1, sizeof(bytes));
  const int fd = open("filling", O_WRONLY | O_CREAT, 0644);
  for (long had = 0; had < mebibytes; had++) {
    if (write(fd, bytes, sizeof(bytes)) != static_cast<ssize_t>(sizeof(bytes))) return Got(had);
  }
  Got(mebibytes);
}

// For so many milliseconds, one process for each of four processors.
void Spin(long milliseconds) {
  for (int i = 0; i < 3; i++) {
    if (fork() == 0) break;
  }
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const auto at = [&now] { return now.tv_sec * 1000 + now.tv_nsec / 1'000'000; };
  const long end = at() + milliseconds;
  while (at() < end) clock_gettime(CLOCK_MONOTONIC, &now);
}

const Bomb kBombs[] = {{"bomb-fork", Fork},
                       {"bomb-memory", TakeMemory},
                       {"bomb-descriptors", TakeDescriptors},
                       {"bomb-pipes", FillPipes},
                       {"bomb-sockets", FillSockets},
                       {"bomb-connections", FillConnections},
                       {"bomb-messages", FillQueues},
                       {"bomb-files", MakeFiles},
                       {"bomb-disk", FillDisk},
                       {"bomb-spin", Spin}};

}  // namespace

std::span<const Bomb> Bombs() { return kBombs; }
