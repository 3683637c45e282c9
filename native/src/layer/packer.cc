#include "packer.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "directory.h"
#include "problem.h"
#include "sys.h"

namespace sandpiper {
namespace {

constexpr char kWhiteout[] = ".wh.";
constexpr char kOpaque[] = ".wh..wh..opq";
// Directories that are open at once; deeper ones are opened again when they go on.
constexpr size_t kOpenLevelsMax = 64;
constexpr uint32_t kModeMask = 07777;

Result<struct stat> Look(int parent, const std::string& name, const std::string& path) {
  struct stat info {};
  const int flags = AT_SYMLINK_NOFOLLOW | (name.empty() ? AT_EMPTY_PATH : 0);
  if (fstatat(parent, name.c_str(), &info, flags) < 0) return FailedOn("fstat", path);
  return info;
}

Result<std::string> ReadLink(int parent, const std::string& name, const std::string& path) {
  char target[kPathMax + 1];
  const ssize_t size = readlinkat(parent, name.c_str(), target, sizeof(target));
  if (size < 0) return FailedOn("readlink", path);
  return std::string(target, static_cast<size_t>(size));
}

// Without waiting for a writer, should it have become a fifo.
Result<UniqueFd> OpenFile(int parent, const std::string& name, int flags, const std::string& path) {
  Result<UniqueFd> file = OpenBeneath(parent, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | flags);
  if (!file.ok()) return About(file.failure(), path);
  return file;
}

}  // namespace

Status Packer::PackContents(const std::string& from, const std::string& to) {
  links_.clear();
  UniqueFd directory = TRY(OpenBeneath(root_, from, O_RDONLY | O_DIRECTORY));
  TRY(Push(from, to, std::move(directory), std::nullopt));
  while (!levels_.empty()) TRY(Next());
  return {};
}

Status Packer::PackOne(const std::string& from, const std::string& to) {
  links_.clear();
  const UniqueFd file = TRY(OpenBeneath(root_, from, O_PATH));
  const struct stat info = TRY(Look(file.get(), "", from));
  TarEntry entry = TRY(Describe(info, from, to));
  if (S_ISREG(info.st_mode)) return WriteFile(root_, from, &entry, info);
  if (!S_ISDIR(info.st_mode)) return WriteOther(root_, from, &entry, info);
  const UniqueFd directory = TRY(OpenBeneath(root_, from, O_RDONLY | O_DIRECTORY));
  entry.xattrs = TRY(ReadAttributes(directory.get(), rules_.ids, from)).kept;
  return Write(entry);
}

Status Packer::Push(const std::string& from, const std::string& to, UniqueFd directory,
                    std::optional<TarEntry> pending) {
  Level level;
  level.from = from;
  level.to = to;
  level.names = TRY(ReadNames(directory.get(), from));
  level.directory = std::move(directory);
  level.pending = std::move(pending);
  levels_.push_back(std::move(level));
  if (levels_.size() > kOpenLevelsMax) {
    levels_[levels_.size() - kOpenLevelsMax - 1].directory.Reset();
  }
  return {};
}

Status Packer::Next() {
  Level& level = levels_.back();
  if (level.next == level.names.size()) {
    levels_.pop_back();
    return {};
  }
  if (!level.directory.valid()) {
    level.directory = TRY(OpenBeneath(root_, level.from, O_RDONLY | O_DIRECTORY));
  }
  return Visit(&level, level.names[level.next++]);
}

Status Packer::Visit(Level* level, const std::string& name) {
  const int parent = level->directory.get();
  const std::string from = Join(level->from, name);
  const std::string to = Join(level->to, name);
  if (from.size() > kPathMax || to.size() > kPathMax) return Refused("has too long a path", from);
  if (name.rfind(kWhiteout, 0) == 0) return Refused("has a name that no layer can hold", from);
  const struct stat info = TRY(Look(parent, name, from));
  if (S_ISDIR(info.st_mode)) return VisitDirectory(parent, name, from, to);
  if (rules_.ignored != nullptr && rules_.ignored->Ignores(from)) return {};
  if (rules_.overlay && S_ISCHR(info.st_mode) && info.st_rdev == 0) {
    return WriteMark(Join(level->to, kWhiteout + name));
  }
  TarEntry entry = TRY(Describe(info, from, to));
  if (S_ISREG(info.st_mode)) return WriteFile(parent, name, &entry, info);
  return WriteOther(parent, name, &entry, info);
}

Status Packer::VisitDirectory(int parent, const std::string& name, const std::string& from,
                              const std::string& to) {
  const bool left_out = rules_.ignored != nullptr && rules_.ignored->Ignores(from);
  if (left_out && !rules_.ignored->has_exceptions()) return {};
  UniqueFd directory = TRY(OpenFile(parent, name, O_DIRECTORY, from));
  const struct stat info = TRY(Look(directory.get(), "", from));
  TarEntry entry = TRY(Describe(info, from, to));
  Attributes attributes = TRY(ReadAttributes(directory.get(), rules_.ids, from));
  entry.xattrs = std::move(attributes.kept);
  if (left_out) return Push(from, to, std::move(directory), std::move(entry));
  TRY(Write(entry));
  if (rules_.overlay && attributes.opaque) TRY(WriteMark(Join(to, kOpaque)));
  return Push(from, to, std::move(directory), std::nullopt);
}

Status Packer::WriteFile(int parent, const std::string& name, TarEntry* entry,
                         const struct stat& info) {
  if (info.st_nlink > 1) {
    const auto [found, is_new] = links_.try_emplace({info.st_dev, info.st_ino}, entry->path);
    if (!is_new) {
      entry->type = '1';
      entry->link = found->second;
      return Write(*entry);
    }
  }
  const UniqueFd file = TRY(OpenFile(parent, name, 0, name));
  const struct stat opened = TRY(Look(file.get(), "", name));
  if (opened.st_dev != info.st_dev || opened.st_ino != info.st_ino) {
    return Refused("was replaced while it was read", entry->path);
  }
  entry->size = static_cast<uint64_t>(opened.st_size);
  entry->xattrs = TRY(ReadAttributes(file.get(), rules_.ids, entry->path)).kept;
  TRY(Write(*entry));
  return writer_.WriteContent(file.get(), *entry);
}

Status Packer::WriteOther(int parent, const std::string& name, TarEntry* entry,
                          const struct stat& info) {
  if (!S_ISLNK(info.st_mode) && !S_ISFIFO(info.st_mode)) return {};
  entry->type = S_ISLNK(info.st_mode) ? '2' : '6';
  if (info.st_nlink > 1) {
    const auto [found, is_new] = links_.try_emplace({info.st_dev, info.st_ino}, entry->path);
    if (!is_new) {
      entry->type = '1';
      entry->link = found->second;
    }
  }
  if (entry->type == '2') {
    entry->link = TRY(ReadLink(parent, name, entry->path));
    entry->mode = 0777;
  }
  return Write(*entry);
}

// Whose the marks are on disk depends on the kernel, and means nothing.
Status Packer::WriteMark(const std::string& path) {
  TarEntry entry;
  entry.path = path;
  return Write(entry);
}

Status Packer::Write(const TarEntry& entry) {
  for (Level& level : levels_) {
    if (!level.pending.has_value()) continue;
    const TarEntry pending = *std::exchange(level.pending, std::nullopt);
    TRY(writer_.WriteHeader(pending));
    count_++;
  }
  count_++;
  return writer_.WriteHeader(entry);
}

Result<TarEntry> Packer::Describe(const struct stat& info, const std::string& from,
                                  const std::string& to) const {
  TarEntry entry;
  entry.type = S_ISDIR(info.st_mode) ? '5' : '0';
  entry.path = to;
  entry.mode = rules_.mode.value_or(info.st_mode & kModeMask);
  if (rules_.owner.has_value()) {
    entry.uid = rules_.owner->uid;
    entry.gid = rules_.owner->gid;
  } else {
    entry.uid = TRY(Id(info.st_uid, from));
    entry.gid = TRY(Id(info.st_gid, from));
  }
  if (!rules_.no_times) entry.mtime = info.st_mtim;
  return entry;
}

Result<uint32_t> Packer::Id(uint32_t id, const std::string& path) const {
  if (!rules_.ids.has_value()) return id;
  const IdRange& range = *rules_.ids;
  if (id < range.start || id - range.start >= range.count) {
    return Refused("belongs to an id outside of the range", path);
  }
  return id - range.start;
}

}  // namespace sandpiper
