#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "attempt.h"

namespace {

// Opens to write and writes nothing: the right to is asked for when it is opened.
long OpenToWrite(const char* path) { return open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK); }

// Where there is nothing in it, ENODATA.
long ReadSome(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return -1;
  char byte = 0;
  const ssize_t got = read(fd, &byte, 1);
  if (got == 0) errno = ENODATA;
  return got > 0 ? 0 : -1;
}

// That somebody else's opening of it waits for its end.
long Lease(const char* path) {
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  return fd < 0 ? -1 : fcntl(fd, F_SETLEASE, F_WRLCK);
}

long ListSome(const char* path) {
  DIR* directory = opendir(path);
  if (directory == nullptr) return -1;
  int names = 0;
  while (readdir(directory) != nullptr) names++;
  closedir(directory);
  errno = ENODATA;
  return names > 2 ? 0 : -1;
}

// Addresses of the kernel are zeros for those who may not know them.
long ReadAddress(const char*) {
  FILE* symbols = std::fopen("/proc/kallsyms", "r");
  if (symbols == nullptr) return -1;
  unsigned long address = 0;
  char line[512];
  while (address == 0 && std::fgets(line, sizeof(line), symbols) != nullptr) {
    address = std::strtoul(line, nullptr, 16);
  }
  (void)std::fclose(symbols);
  errno = ENODATA;
  return address == 0 ? -1 : 0;
}

// Where it is not there, ENODATA.
long HasText(const char* path, const char* part) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  static char text[1 << 16];
  const ssize_t size = read(fd, text, sizeof(text) - 1);
  text[size < 0 ? 0 : size] = '\0';
  errno = ENODATA;
  return std::strstr(text, part) != nullptr ? 0 : -1;
}

long MakeDevice(const char* path) { return mknod(path, S_IFCHR | 0666, makedev(1, 3)); }

// "MAJOR,MINOR": makes it and opens it.
long UseDevice(const char* numbers) {
  char* rest = nullptr;
  const auto major = static_cast<unsigned>(std::strtoul(numbers, &rest, 10));
  const auto minor = static_cast<unsigned>(std::strtoul(rest + 1, nullptr, 10));
  if (mknod("/tmp/made", S_IFCHR | 0666, makedev(major, minor)) < 0) return -1;
  return open("/tmp/made", O_RDONLY | O_NONBLOCK);
}

// "Shocker": the root directory of the file system that a directory is on, by its inode.
long OpenByHandle(const char* directory) {
  struct {
    file_handle header;
    uint32_t inode[2];
  } handle{};
  handle.header.handle_bytes = sizeof(handle.inode);
  // FILEID_INO32_GEN. 2 is the root of ext4; generation 0 stands for any.
  handle.header.handle_type = 1;
  handle.inode[0] = 2;
  const int at = open(*directory == '\0' ? "/" : directory, O_RDONLY | O_DIRECTORY);
  if (at < 0) return -1;
  return open_by_handle_at(at, &handle.header, O_RDONLY);
}

// A key of its own, by the list of all that it may see.
long FindOwnKey(const char*) {
  (void)Raw(SYS_add_key, Address("user"), Address("sandpiper-key"), Address("v"), 1, -2);
  return HasText("/proc/keys", "sandpiper-key");
}

// Descriptors that the program did not open and that lead somewhere, or EBADF for none.
long LeakedDescriptors(const char*) {
  long found = 0;
  for (int fd = 3; fd < 64; fd++) {
    struct stat info {};
    const bool is_null = fstat(fd, &info) == 0 && info.st_rdev == makedev(1, 3);
    if (fcntl(fd, F_GETFD) >= 0 && !is_null) found++;
  }
  errno = EBADF;
  return found > 0 ? found : -1;
}

const Attempt kAttempts[] = {
    {"open-to-write", OpenToWrite},
    {"read", ReadSome},
    {"list", ListSome},
    {"lease", Lease},
    {"make-directory", [](const char* path) { return static_cast<long>(mkdir(path, 0755)); }},
    {"own-key", FindOwnKey},
    {"hostname", [](const char* name) { return HasText("/proc/sys/kernel/hostname", name); }},
    {"cgroup-path", [](const char*) { return HasText("/proc/self/cgroup", "sandpiper"); }},
    {"kernel-addresses", ReadAddress},
    {"mknod", [](const char* path) { return MakeDevice(*path == '\0' ? "/tmp/device" : path); }},
    {"mknod-shared", [](const char*) { return MakeDevice("/shared/device"); }},
    {"device", UseDevice},
    {"open_by_handle_at", OpenByHandle},
    {"leaked-descriptors", LeakedDescriptors},
};

}  // namespace

Attempts FileAttempts() { return kAttempts; }
