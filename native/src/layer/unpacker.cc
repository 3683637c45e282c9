#include "unpacker.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "directory.h"
#include "problem.h"
#include "remove.h"
#include "sys.h"

namespace sandpiper {
namespace {

constexpr mode_t kPermissions = 0777;
constexpr mode_t kModeMask = 07777;
constexpr char kOpaqueName[] = "user.overlay.opaque";

Status Check(long result, const char* call, const std::string& path) {
  if (result < 0) return FailedOn(call, path);
  return {};
}

struct Times {
  timespec both[2];
  explicit Times(const RecordHeader& header)
      : both{{header.seconds, header.nanoseconds}, {header.seconds, header.nanoseconds}} {}
};

Status SetXattrs(int file, const std::vector<Xattr>& xattrs, const std::string& path) {
  for (const Xattr& xattr : xattrs) {
    TRY(Check(fsetxattr(file, xattr.name.c_str(), xattr.value.data(), xattr.value.size(), 0),
              "fsetxattr", path));
  }
  return {};
}

// In this order: a new owner takes set-id bits and capabilities away, and a new attribute counts as
// a change.
Status DressOpen(int file, const RecordHeader& header, bool set_mode,
                 const std::vector<Xattr>& xattrs, const std::string& path) {
  TRY(Check(fchown(file, header.uid, header.gid), "fchown", path));
  if (set_mode) TRY(Check(fchmod(file, header.mode & kModeMask), "fchmod", path));
  TRY(SetXattrs(file, xattrs, path));
  return Check(futimens(file, Times(header).both), "utimensat", path);
}

// Rights that are inherited by what is made inside would come on top of the modes.
Status ForgetAcls(int root) {
  for (const char* name : {"system.posix_acl_default", "system.posix_acl_access"}) {
    if (fremovexattr(root, name) == 0 || errno == ENODATA || errno == EOPNOTSUPP) continue;
    return LastFailure("fremovexattr", "layer");
  }
  return {};
}

}  // namespace

Status Unpacker::Run() {
  const UniqueFd root = TRY(OpenBeneath(root_, "", O_RDONLY | O_DIRECTORY));
  TRY(ForgetAcls(root.get()));
  Record record{};
  while (true) {
    TRY(reader_.Next(&record));
    if (record.header.type != RecordType::kData) TRY(FinishFile());
    if (record.header.type == RecordType::kEnd) return FinishDirectories();
    TRY(Apply(record));
  }
}

Status Unpacker::Apply(const Record& record) {
  switch (record.header.type) {
    case RecordType::kDirectory:
      return MakeDirectory(record);
    case RecordType::kFile:
      return MakeFile(record);
    case RecordType::kData:
      return AddData(record);
    case RecordType::kSymlink:
      return MakeSymlink(record);
    case RecordType::kLink:
      return MakeLink(record);
    case RecordType::kFifo:
      return MakeNode(record, S_IFIFO);
    case RecordType::kWhiteout:
      return MakeNode(record, S_IFCHR);
    case RecordType::kOpaque:
      return MarkOpaque(record);
    case RecordType::kRemove:
      return Remove(record);
    case RecordType::kEnd:
      break;
  }
  return Failure{EBADMSG, "read", "records"};
}

Status Unpacker::MakeDirectory(const Record& record) {
  if (!record.path.empty()) {
    const Place place = TRY(Find(record.path));
    // It may be there; should it be no directory, that is seen in the end.
    if (mkdirat(place.directory, place.name.c_str(), 0700) < 0 && errno != EEXIST) {
      return FailedOn("mkdirat", record.path);
    }
  }
  const auto found = directories_.find(record.path);
  const bool opaque = found != directories_.end() && found->second.opaque;
  directories_[record.path] = {record.header, record.xattrs, opaque};
  return {};
}

Status Unpacker::MakeFile(const Record& record) {
  const Place place = TRY(Find(record.path));
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
  Result<UniqueFd> made = sys::Open(place.directory, place.name.c_str(), kFlags, sys::kBeneath,
                                    nullptr, record.header.mode & kPermissions);
  if (!made.ok()) return About(made.failure(), record.path);
  file_ = made.Take();
  file_record_.header = record.header;
  file_record_.path = record.path;
  file_record_.xattrs = record.xattrs;
  file_end_ = record.header.data;
  return reader_.CopyTo(file_.get(), record.header.data, record.path);
}

Status Unpacker::AddData(const Record& record) {
  const RecordHeader& header = record.header;
  if (!file_.valid()) return Failure{EBADMSG, "read", "records"};
  const auto offset = static_cast<off_t>(header.offset);
  TRY(Check(lseek(file_.get(), offset, SEEK_SET), "lseek", file_record_.path));
  TRY(reader_.CopyTo(file_.get(), header.data, file_record_.path));
  file_end_ = header.offset + header.data;
  return {};
}

Status Unpacker::FinishFile() {
  if (!file_.valid()) return {};
  const UniqueFd file = std::move(file_);
  const RecordHeader& header = file_record_.header;
  const std::string& path = file_record_.path;
  if (file_end_ != header.size) {
    TRY(Check(ftruncate(file.get(), static_cast<off_t>(header.size)), "ftruncate", path));
  }
  // Nothing takes permissions from a new file, as there is no umask: the rest is for whom it is
  // given to.
  const bool has_special = (header.mode & kModeMask & ~kPermissions) != 0;
  return DressOpen(file.get(), header, has_special, file_record_.xattrs, path);
}

Status Unpacker::MakeSymlink(const Record& record) {
  const Place place = TRY(Find(record.path));
  TRY(Check(symlinkat(record.target.c_str(), place.directory, place.name.c_str()), "symlinkat",
            record.path));
  return Dress(place, record, false);
}

Status Unpacker::MakeLink(const Record& record) {
  const size_t slash = record.target.rfind('/');
  const bool is_inside = slash != std::string::npos;
  const std::string name = is_inside ? record.target.substr(slash + 1) : record.target;
  const UniqueFd directory = TRY(
      OpenBeneath(root_, is_inside ? record.target.substr(0, slash) : "", O_PATH | O_DIRECTORY));
  const Place place = TRY(Find(record.path));
  return Check(linkat(directory.get(), name.c_str(), place.directory, place.name.c_str(), 0),
               "linkat", record.path);
}

// Of devices only 0:0, which is none.
Status Unpacker::MakeNode(const Record& record, mode_t type) {
  const Place place = TRY(Find(record.path));
  const mode_t mode = record.header.mode & kPermissions;
  TRY(Check(mknodat(place.directory, place.name.c_str(), type | mode, 0), "mknodat", record.path));
  return Dress(place, record, true);
}

Status Unpacker::MarkOpaque(const Record& record) {
  const auto found = directories_.find(record.path);
  if (found == directories_.end()) return Failure{EBADMSG, "read", "records"};
  found->second.opaque = true;
  return {};
}

Status Unpacker::Remove(const Record& record) {
  const Place place = TRY(Find(record.path));
  TRY(RemoveTree(place.directory, place.name, record.path));
  parent_.Reset();
  // All paths below come next to each other, between those that go on with `/` and with `0`.
  directories_.erase(record.path);
  directories_.erase(directories_.lower_bound(record.path + '/'),
                     directories_.lower_bound(record.path + '0'));
  return {};
}

// Those inside first.
Status Unpacker::FinishDirectories() {
  for (auto at = directories_.rbegin(); at != directories_.rend(); ++at) {
    TRY(FinishDirectory(at->first, at->second));
  }
  return {};
}

Status Unpacker::FinishDirectory(const std::string& path, const Directory& directory) {
  const UniqueFd file = TRY(OpenBeneath(root_, path, O_RDONLY | O_DIRECTORY));
  if (directory.opaque) {
    TRY(Check(fsetxattr(file.get(), kOpaqueName, "y", 1, 0), "fsetxattr", path));
  }
  return DressOpen(file.get(), directory.header, true, directory.xattrs, path);
}

Result<Unpacker::Place> Unpacker::Find(const std::string& path) {
  const size_t slash = path.rfind('/');
  const bool is_inside = slash != std::string::npos;
  std::string name = is_inside ? path.substr(slash + 1) : path;
  // The kernel looks at the rest, but makes and takes away entries by any name.
  const bool is_name = !name.empty() && name != "." && name != "..";
  const bool is_relative = path.find('/') != 0 && path.find('\0') == std::string::npos;
  if (!is_name || !is_relative) return Refused("is no path", path);
  const std::string_view parent(path.data(), is_inside ? slash : 0);
  if (!parent_.valid() || parent != parent_path_) {
    parent_.Reset();
    parent_path_ = parent;
    parent_ = TRY(OpenBeneath(root_, parent_path_, O_PATH | O_DIRECTORY));
  }
  return Place{parent_.get(), std::move(name)};
}

Status Unpacker::Dress(const Place& place, const Record& record, bool has_mode) {
  const RecordHeader& header = record.header;
  const char* name = place.name.c_str();
  TRY(Check(fchownat(place.directory, name, header.uid, header.gid, AT_SYMLINK_NOFOLLOW),
            "fchownat", record.path));
  if (has_mode && (header.mode & kModeMask & ~kPermissions) != 0) {
    TRY(Check(fchmodat(place.directory, name, header.mode & kModeMask, 0), "fchmodat",
              record.path));
  }
  return Check(utimensat(place.directory, name, Times(header).both, AT_SYMLINK_NOFOLLOW),
               "utimensat", record.path);
}

}  // namespace sandpiper
