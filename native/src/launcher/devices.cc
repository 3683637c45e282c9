#include "devices.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sys.h"
#include "tmpfs.h"

namespace sandpiper {
namespace {

// Numbers of linux/Documentation/admin-guide/devices.txt.
constexpr struct Node {
  const char* name;
  const char* path;
  unsigned major;
  unsigned minor;
} kNodes[] = {{"null", "dev/null", 1, 3},       {"zero", "dev/zero", 1, 5},
              {"full", "dev/full", 1, 7},       {"random", "dev/random", 1, 8},
              {"urandom", "dev/urandom", 1, 9}, {"tty", "dev/tty", 5, 0}};

constexpr struct {
  const char* name;
  const char* target;
} kLinks[] = {{"fd", "/proc/self/fd"},
              {"stdin", "/proc/self/fd/0"},
              {"stdout", "/proc/self/fd/1"},
              {"stderr", "/proc/self/fd/2"},
              {"ptmx", "pts/ptmx"}};

// Debian's and every other distribution's group of terminals.
constexpr const char* kTtyGroup = "5";

constexpr const char* kSharedMemoryInodes = "65536";

// The host has 4096 for all (kernel.pty.max): without this one sandbox could take those of all
// others.
constexpr const char* kTerminalsMax = "256";

Status Check(int result, const char* call, const char* object) {
  if (result < 0) return LastFailure(call, object);
  return {};
}

Status Own(int directory, const char* name, uint32_t owner) {
  return Check(fchownat(directory, name, owner, owner, AT_SYMLINK_NOFOLLOW), "chown", name);
}

Status MakeNode(int directory, const Node& node, uint32_t owner) {
  TRY(Check(mknodat(directory, node.name, S_IFCHR | 0666, makedev(node.major, node.minor)), "mknod",
            node.name));
  return Own(directory, node.name, owner);
}

// The host's device, checked to be it (CVE-2025-31133).
Result<UniqueFd> OpenHostNode(int host, const Node& node) {
  UniqueFd source = TRY(sys::Open(host, node.path, O_PATH, sys::kInRoot));
  struct stat info {};
  if (fstat(source.get(), &info) < 0) return LastFailure("fstat", node.path);
  if (!S_ISCHR(info.st_mode) || info.st_rdev != makedev(node.major, node.minor)) {
    return Failure{ENODEV, "check", node.path};
  }
  return source;
}

// What is mounted on is an empty file. Read-only is the mount, not the device.
Status MountNode(int directory, const Node& node, int host) {
  const UniqueFd source = TRY(OpenHostNode(host, node));
  const UniqueFd tree = TRY(sys::CloneTree(source.get(), "", AT_EMPTY_PATH, node.path));
  TRY(sys::SetMountAttributes(
      tree.get(), 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, node.path));
  TRY(Check(mknodat(directory, node.name, S_IFREG | 0444, 0), "mknod", node.name));
  const UniqueFd target = TRY(sys::Open(directory, node.name, O_PATH, sys::kBeneath));
  return sys::AttachTree(tree.get(), target.get(), node.name);
}

Status AttachBelow(int dev, const char* name, int tree) {
  const UniqueFd target = TRY(sys::Open(dev, name, O_PATH | O_DIRECTORY, sys::kBeneath));
  return sys::AttachTree(tree, target.get(), name);
}

Status MountTerminals(int dev, bool has_tty_group) {
  const UniqueFd devpts = TRY(sys::OpenFileSystem("devpts"));
  TRY(sys::SetFlag(devpts.get(), "newinstance"));
  TRY(sys::SetOption(devpts.get(), "ptmxmode", "0666"));
  TRY(sys::SetOption(devpts.get(), "mode", "0620"));
  TRY(sys::SetOption(devpts.get(), "max", kTerminalsMax));
  if (has_tty_group) TRY(sys::SetOption(devpts.get(), "gid", kTtyGroup));
  const UniqueFd tree = TRY(sys::MountFileSystem(
      devpts.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, "mount devpts", "/dev/pts"));
  return AttachBelow(dev, "pts", tree.get());
}

Status MountSharedMemory(int dev, const char* bytes) {
  const UniqueFd tree = TRY(MountTmpfs({"/dev/shm", bytes, kSharedMemoryInodes, nullptr}));
  return AttachBelow(dev, "shm", tree.get());
}

}  // namespace

Status MakeDeviceTemplate(int directory, uint32_t owner, int host) {
  for (const Node& node : kNodes) {
    TRY(host < 0 ? MakeNode(directory, node, owner) : MountNode(directory, node, host));
  }
  for (const auto& link : kLinks) {
    TRY(Check(symlinkat(link.target, directory, link.name), "symlink", link.name));
    TRY(Own(directory, link.name, owner));
  }
  for (const char* name : {"pts", "shm"}) {
    TRY(sys::MakeDirectory(directory, name, 0755));
    TRY(Own(directory, name, owner));
  }
  return Check(fchownat(directory, "", owner, owner, AT_EMPTY_PATH), "chown", "/dev");
}

Status MountDeviceFileSystems(int dev, const char* shm_bytes, bool has_tty_group) {
  TRY(MountTerminals(dev, has_tty_group));
  return MountSharedMemory(dev, shm_bytes);
}

}  // namespace sandpiper
