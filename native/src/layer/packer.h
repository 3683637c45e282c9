#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attributes.h"
#include "ignore_list.h"
#include "result.h"
#include "tar_writer.h"
#include "unique_fd.h"

namespace sandpiper {

struct Owner {
  uint32_t uid;
  uint32_t gid;
};

// How files become entries of an archive.
struct PackRules {
  // Ids on disk; others are refused.
  std::optional<IdRange> ids;
  // In place of what files have.
  std::optional<Owner> owner;
  std::optional<uint32_t> mode;
  // All times are 0.
  bool no_times = false;
  // The directory is the upper one of an overlay: its marks become those of OCI's layers
  // (image-spec, layer.md, "Whiteouts").
  bool overlay = false;
  // What is left out, by path below the root.
  const IgnoreList* ignored = nullptr;
};

// Writes files and directories below a root into an archive. Names come in the order of their
// bytes, directories before what is in them. Files that have several names are hard links to the
// first one that is written. Sockets and devices are left out.
class Packer {
 public:
  // `root` stays open meanwhile.
  Packer(int root, TarWriter* writer, const PackRules& rules)
      : root_(root), writer_(*writer), rules_(rules) {}

  // What is in the directory `from`, to be in `to`; both are paths below the roots, "" for those
  // themselves.
  Status PackContents(const std::string& from, const std::string& to);
  // One entry; of a directory it alone.
  Status PackOne(const std::string& from, const std::string& to);
  // Entries that were written.
  [[nodiscard]] uint64_t count() const { return count_; }

 private:
  // A directory on the way to the entry at hand.
  struct Level {
    std::string from;
    std::string to;
    std::vector<std::string> names;
    size_t next = 0;
    UniqueFd directory;
    // Its own header, when it comes only with something in it that is not left out.
    std::optional<TarEntry> pending;
  };

  Status Push(const std::string& from, const std::string& to, UniqueFd directory,
              std::optional<TarEntry> pending);
  Status Next();
  Status Visit(Level* level, const std::string& name);
  Status VisitDirectory(int parent, const std::string& name, const std::string& from,
                        const std::string& to);
  Status WriteFile(int parent, const std::string& name, TarEntry* entry, const struct stat& info);
  Status WriteOther(int parent, const std::string& name, TarEntry* entry, const struct stat& info);
  Status WriteMark(const std::string& path);
  // Writes the header, after those that are pending.
  Status Write(const TarEntry& entry);
  [[nodiscard]] Result<TarEntry> Describe(const struct stat& info, const std::string& from,
                                          const std::string& to) const;
  [[nodiscard]] Result<uint32_t> Id(uint32_t id, const std::string& path) const;

  int root_;
  TarWriter& writer_;
  const PackRules& rules_;
  std::vector<Level> levels_;
  // Where files with several names were written first, by this call.
  std::map<std::pair<dev_t, ino_t>, std::string> links_;
  uint64_t count_ = 0;
};

}  // namespace sandpiper
