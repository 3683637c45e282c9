#include "writable.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "image.h"
#include "sys.h"
#include "tmpfs.h"

namespace sandpiper {
namespace {

constexpr const char* kUpper = "upper";
constexpr const char* kWork = "work";
// What one that has no path is called.
constexpr const char* kInMemory = "writable layer";

Result<UniqueFd> MakeTree(int host, const WritableRequest& request) {
  if (request.kind == WritableRequest::Kind::kImage) {
    return MountImage({host, request.image, request.directory});
  }
  return MountTmpfs({kInMemory, request.bytes, request.inodes, nullptr});
}

// The caller has made it and removes it; a launcher without one before it may have died in here.
Result<UniqueFd> OpenDirectory(int host, const char* path) {
  return sys::Open(host, path, O_PATH | O_DIRECTORY, sys::kInRoot);
}

// A pattern may have them already.
Status MakeDirectory(int directory, const char* name, mode_t mode, const WritableRequest& request,
                     const char* object) {
  const Status made = sys::MakeDirectory(directory, name, mode, object);
  const bool is_image = request.kind == WritableRequest::Kind::kImage;
  return is_image && !made.ok() && made.failure().error == EEXIST ? Status() : made;
}

Status MakeIn(int directory, const WritableRequest& request, uint32_t owner, Writable* writable) {
  const char* object = *request.directory == '\0' ? kInMemory : request.directory;
  TRY(MakeDirectory(directory, kUpper, 0755, request, object));
  TRY(MakeDirectory(directory, kWork, 0700, request, object));
  writable->upper =
      TRY(sys::Open(directory, kUpper, O_RDONLY | O_DIRECTORY, sys::kBeneath, object));
  writable->work = TRY(sys::Open(directory, kWork, O_PATH | O_DIRECTORY, sys::kBeneath, object));
  const int upper = writable->upper.get();
  TRY(sys::ChangeOwner(upper, owner, owner, object));
  if (fchmod(upper, request.mode) < 0) return LastFailure("fchmod", object);
  return {};
}

}  // namespace

Result<Writable> MakeWritable(const WritablePlan& plan) {
  UniqueFd blank(plan.blank);
  Writable writable;
  if (plan.request.kind == WritableRequest::Kind::kDirectory) {
    const UniqueFd directory = TRY(OpenDirectory(plan.host, plan.request.directory));
    TRY(MakeIn(directory.get(), plan.request, plan.owner, &writable));
  } else {
    writable.tree = blank.valid() ? std::move(blank) : TRY(MakeTree(plan.host, plan.request));
    TRY(MakeIn(writable.tree.get(), plan.request, plan.owner, &writable));
  }
  return writable;
}

// overlayfs tells what the file system of its writable layer does.
LayerUse MeasureLayer(WritableRequest::Kind kind, int root) {
  struct statfs info {};
  if (kind == WritableRequest::Kind::kDirectory) return {};
  if (root < 0 || fstatfs(root, &info) < 0) return {};
  const auto block = static_cast<uint64_t>(info.f_bsize);
  const uint64_t used = info.f_blocks - info.f_bfree;
  // Some that are free the file system keeps for itself.
  return {used * block, (used + info.f_bavail) * block, info.f_files - info.f_ffree, info.f_files};
}

// A volatile overlay writes nothing out when it is synced, but tells whether its writable layer's
// file system has met an error of writing back since it was mounted (ovl_sync_status() in the
// kernel, since Linux 5.11). A directory is told by write(2) itself that the disk is full.
bool HasLostWrites(WritableRequest::Kind kind, int root) {
  if (kind != WritableRequest::Kind::kImage || root < 0) return false;
  const UniqueFd overlay(openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return !overlay.valid() || syncfs(overlay.get()) < 0;
}

}  // namespace sandpiper
