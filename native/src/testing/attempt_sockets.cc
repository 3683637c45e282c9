#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "attempt.h"

namespace {

// "FAMILY,TYPE,PROTOCOL" in decimal.
long Open(const char* numbers) {
  char* rest = nullptr;
  const auto family = std::strtol(numbers, &rest, 10);
  const auto type = std::strtol(rest + 1, &rest, 10);
  const auto protocol = std::strtol(rest + 1, &rest, 10);
  return Raw(SYS_socket, family, type, protocol);
}

// Any family but these, by any kind of socket; EPERM when each is refused so.
long OtherFamilies(const char*) {
  for (int family = 0; family < 64; family++) {
    if (family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK) {
      continue;
    }
    for (int type = SOCK_STREAM; type <= SOCK_SEQPACKET; type++) {
      const long fd = Raw(SYS_socket, family, type, 0);
      // Anything else is the kernel's own answer, so that it was asked.
      if (fd >= 0 || errno != EPERM) return 0;
    }
  }
  return -1;
}

// Any protocol of AF_NETLINK but that of routes.
long OtherNetlink(const char*) {
  for (int protocol = 1; protocol < 32; protocol++) {
    if (Raw(SYS_socket, AF_NETLINK, SOCK_RAW, protocol) >= 0 || errno != EPERM) return 0;
  }
  return -1;
}

// The kernel takes the low half of a family, a filter compares the whole.
long FamilyWithHighBits(const char*) {
  return Raw(SYS_socket, AF_VSOCK | (1L << 32), SOCK_STREAM, 0);
}

// The name as Node gives it to a server: padded with zeros to the whole length, which belong to it.
long ConnectAbstract(const char* name) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path + 1, name, sizeof(address.sun_path) - 2);
  return connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address));
}

// "ADDRESS,PORT"
long Connect(const char* where) {
  char host[64] = {};
  const char* comma = std::strchr(where, ',');
  if (comma == nullptr || comma - where >= 64) return -1;
  std::memcpy(host, where, static_cast<size_t>(comma - where));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(std::atoi(comma + 1)));
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) return -1;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  return connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address));
}

// Memory of System V, by its number: looked at, not attached.
long FindSharedMemory(const char* number) {
  shmid_ds info{};
  return shmctl(std::atoi(number), IPC_STAT, &info);
}

// On the host, for a step to find: prints its number first.
long MakeSharedMemory(const char*) {
  const int number = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0666);
  std::printf("number %d\n", number);
  return number;
}

long RemoveSharedMemory(const char* number) { return shmctl(std::atoi(number), IPC_RMID, nullptr); }

const Attempt kAttempts[] = {
    {"socket", Open},
    {"other-families", OtherFamilies},
    {"other-netlink", OtherNetlink},
    {"family-with-high-bits", FamilyWithHighBits},
    {"abstract", ConnectAbstract},
    {"connect", Connect},
    {"shared-memory", FindSharedMemory},
    {"make-shared-memory", MakeSharedMemory},
    {"remove-shared-memory", RemoveSharedMemory},
    {"af-packet", [](const char*) { return static_cast<long>(socket(AF_PACKET, SOCK_RAW, 0)); }},
    {"af-inet-raw", [](const char*) { return static_cast<long>(socket(AF_INET, SOCK_RAW, 1)); }},
    {"nfnetlink",
     [](const char*) {
       return static_cast<long>(socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER));
     }},
};

}  // namespace

Attempts SocketAttempts() { return kAttempts; }
