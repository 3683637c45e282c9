#include "image.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdio>

#include "sys.h"

namespace sandpiper {
namespace {

// fs/ext4/ext4.h of the kernel; not in the headers for programs.
constexpr unsigned long kExt4Shutdown = _IOR('X', 125, uint32_t);
constexpr uint32_t kWithoutFlush = 2;

constexpr uint32_t kBlockBytes = 4096;
// devices.txt.
constexpr unsigned kLoopMajor = 7;
// Another program may take the free device that the kernel has named.
constexpr int kLoopAttemptsMax = 32;

Status Check(long result, const char* call, const char* object) {
  if (result < 0) return LastFailure(call, object);
  return {};
}

Status CopyExtent(int from, int to, off_t start, off_t end, const char* object) {
  loff_t from_at = start;
  loff_t to_at = start;
  while (from_at < end) {
    const ssize_t copied =
        copy_file_range(from, &from_at, to, &to_at, static_cast<size_t>(end - from_at), 0);
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0) return LastFailure("copy_file_range", object);
    if (copied == 0) return Failure{EIO, "copy_file_range", object};
  }
  return {};
}

// Holes stay holes: the image takes no space but for what is written to it.
Status CopySparse(int from, int to, const char* object) {
  struct stat info {};
  if (fstat(from, &info) < 0) return LastFailure("fstat", object);
  TRY(Check(ftruncate(to, info.st_size), "ftruncate", object));
  for (off_t at = 0; at < info.st_size;) {
    const off_t start = lseek(from, at, SEEK_DATA);
    if (start < 0 && errno == ENXIO) return {};
    if (start < 0) return LastFailure("lseek", object);
    at = lseek(from, start, SEEK_HOLE);
    if (at < 0) return LastFailure("lseek", object);
    TRY(CopyExtent(from, to, start, at, object));
  }
  return {};
}

Result<UniqueFd> CopyImage(const ImagePlan& plan) {
  const UniqueFd from = TRY(sys::Open(plan.host, plan.pattern, O_RDONLY, sys::kInRoot));
  UniqueFd to =
      TRY(sys::Open(plan.host, plan.directory, O_TMPFILE | O_RDWR, sys::kInRoot, nullptr, 0600));
  // File systems that can share blocks need no copy (ioctl_ficlone(2)).
  if (ioctl(to.get(), FICLONE, from.get()) < 0) {
    TRY(CopySparse(from.get(), to.get(), plan.pattern));
  }
  return to;
}

// Where nothing like devtmpfs makes the nodes there may be none of that number.
Result<UniqueFd> OpenLoop(int host, int number, const char* name) {
  Result<UniqueFd> device = sys::OpenKernelFile(host, name, O_RDWR);
  if (device.ok() || device.failure().error != ENOENT) return device;
  TRY(Check(mknodat(host, name, S_IFBLK | 0600, makedev(kLoopMajor, static_cast<unsigned>(number))),
            "mknod", "loop device"));
  return sys::OpenKernelFile(host, name, O_RDWR);
}

struct Loop {
  UniqueFd device;
  char name[32];
};

// LOOP_CONFIGURE (Linux 5.8) attaches and sets up in one call. The device frees itself with its
// last user. Not with direct I/O: that would wait for the disk to have
// the copy first, and much of what is written is gone before it has to be there.
Result<Loop> AttachLoop(int host, int file) {
  const UniqueFd control = TRY(sys::OpenKernelFile(host, "dev/loop-control", O_RDWR));
  loop_config config{};
  config.fd = static_cast<uint32_t>(file);
  config.block_size = kBlockBytes;
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
  for (int attempt = 0; attempt < kLoopAttemptsMax; attempt++) {
    const int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) return LastFailure("ioctl LOOP_CTL_GET_FREE", "/dev/loop-control");
    Loop loop;
    (void)std::snprintf(loop.name, sizeof(loop.name), "dev/loop%d", number);
    loop.device = TRY(OpenLoop(host, number, loop.name));
    if (ioctl(loop.device.get(), LOOP_CONFIGURE, &config) == 0) return loop;
    if (errno != EBUSY) return LastFailure("ioctl LOOP_CONFIGURE", "loop device");
  }
  return Failure{EAGAIN, "ioctl LOOP_CONFIGURE", "loop device"};
}

Result<UniqueFd> MountExt4(const Loop& loop) {
  char source[sizeof(loop.name) + 32];
  (void)std::snprintf(source, sizeof(source), "/proc/self/fd/%d", loop.device.get());
  const UniqueFd ext4 = TRY(sys::OpenFileSystem("ext4"));
  TRY(sys::SetOption(ext4.get(), "source", source));
  // Nothing of it outlives a crash, so nothing has to reach the disk in order.
  TRY(sys::SetFlag(ext4.get(), "nobarrier"));
  TRY(sys::SetFlag(ext4.get(), "noauto_da_alloc"));
  // Else each extent is first written as unwritten and converted then.
  TRY(sys::SetFlag(ext4.get(), "dioread_lock"));
  // Blocks of deleted files go back to the host's file system.
  TRY(sys::SetFlag(ext4.get(), "discard"));
  return sys::MountFileSystem(ext4.get(), MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME,
                              "mount ext4", "image of the writable layer");
}

}  // namespace

Result<UniqueFd> MountImage(const ImagePlan& plan) {
  const UniqueFd file = TRY(CopyImage(plan));
  const Loop loop = TRY(AttachLoop(plan.host, file.get()));
  return MountExt4(loop);
}

void DiscardImage(int tree) {
  struct statfs info {};
  if (fstatfs(tree, &info) < 0 || info.f_type != EXT4_SUPER_MAGIC) return;
  const UniqueFd root(openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  uint32_t how = kWithoutFlush;
  (void)ioctl(root.get(), kExt4Shutdown, &how);
}

}  // namespace sandpiper
