#include "lowers.h"

#include <sys/stat.h>

#include "sys.h"

namespace sandpiper {
namespace {

// Names of one and two digits; a third could meet the stage's other names.
constexpr size_t kEntriesMax = 62 + 62 * 62;

// Short, because fsconfig(2) takes few bytes.
std::string NameOf(size_t index) {
  static constexpr char kDigits[] =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  static constexpr size_t kBase = sizeof(kDigits) - 1;
  if (index < kBase) return {kDigits[index]};
  index -= kBase;
  return {kDigits[index / kBase], kDigits[index % kBase]};
}

}  // namespace

Lowers::Lowers(int host, int directory, uint32_t ids_start, uint32_t ids_count, bool map_ids)
    : host_(host),
      directory_(directory),
      ids_start_(ids_start),
      ids_count_(ids_count),
      map_ids_(map_ids) {}

Result<std::string> Lowers::Names(const List<LowerRequest>& lowers, int stage_user_namespace) {
  std::string names;
  for (const LowerRequest& lower : lowers) {
    if (!names.empty()) names += ':';
    names += TRY(Name(lower, stage_user_namespace));
  }
  return names;
}

Result<std::string> Lowers::Name(const LowerRequest& lower, int stage_user_namespace) {
  const UniqueFd source = TRY(sys::Open(host_, lower.path, O_PATH | O_DIRECTORY, sys::kInRoot));
  struct stat info {};
  if (fstat(source.get(), &info) < 0) return LastFailure("fstat", lower.path);
  for (const Entry& entry : entries_) {
    if (entry.path == lower.path && entry.owner == lower.owner && entry.device == info.st_dev &&
        entry.inode == info.st_ino) {
      return entry.name;
    }
  }
  if (entries_.size() >= kEntriesMax)
    return Failure{E2BIG, "too many layers in one stage", lower.path};
  // The group that goes with `owner` is the one the tree itself has.
  const uint32_t group = info.st_uid == lower.owner ? info.st_gid : lower.owner;
  const bool is_plain = lower.owner == 0 || !map_ids_;
  const int mapping = is_plain ? stage_user_namespace : TRY(MappingFor(lower.owner, group));
  std::string name = NameOf(entries_.size());
  TRY(Attach(source.get(), name, mapping, lower.path));
  entries_.push_back({lower.path, name, lower.owner, info.st_dev, info.st_ino});
  return name;
}

Result<int> Lowers::MappingFor(uint32_t uid, uint32_t gid) {
  for (const Mapping& mapping : mappings_) {
    if (mapping.uid == uid && mapping.gid == gid) return mapping.user_namespace.get();
  }
  UniqueFd made = TRY(NewIdMapping(SwappedMap(ids_start_, ids_count_, uid),
                                   SwappedMap(ids_start_, ids_count_, gid)));
  mappings_.push_back({uid, gid, std::move(made)});
  return mappings_.back().user_namespace.get();
}

Status Lowers::Attach(int source, const std::string& name, int user_namespace, const char* object) {
  const UniqueFd tree = TRY(sys::CloneTree(source, "", AT_EMPTY_PATH, object));
  if (map_ids_) TRY(sys::MapMountIds(tree.get(), 0, user_namespace, object));
  TRY(sys::SetMountAttributes(tree.get(), 0,
                              MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, object));
  if (mkdirat(directory_, name.c_str(), 0755) < 0 && errno != EEXIST) {
    return LastFailure("mkdir", object);
  }
  const UniqueFd target =
      TRY(sys::Open(directory_, name.c_str(), O_PATH | O_DIRECTORY, sys::kBeneath, object));
  return sys::AttachTree(tree.get(), target.get(), object);
}

}  // namespace sandpiper
