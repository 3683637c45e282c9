#include "copy.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "directory.h"
#include "pattern.h"
#include "problem.h"
#include "resolve.h"
#include "sources.h"

namespace sandpiper {
namespace {

constexpr uint32_t kNewDirectoryMode = 0755;
constexpr uint32_t kModeMask = 07777;

struct Destination {
  // Without links; "" is the image's root.
  std::string path;
  // The part of it that is there.
  std::string existing;
  bool is_directory;
};

Result<Destination> FindDestination(const CopyRequest& request, size_t source_count) {
  const std::string& named = request.destination;
  const bool is_directory = named.empty() || named.back() == '/' || source_count > 1;
  // What is not known to be missing is left for the layers below to say.
  if (request.image < 0) return Destination{CleanPath(named), CleanPath(named), is_directory};
  const Resolved found = TRY(Resolve(request.image, named));
  const bool there = found.exists && S_ISDIR(found.info.st_mode);
  return Destination{found.path, found.existing, is_directory || there};
}

// The later of two parts of one path.
const std::string& Longer(const std::string& a, const std::string& b) {
  return a.size() > b.size() ? a : b;
}

// A directory that is there keeps what it has: the layer's own would hide that.
Status Keep(int image, TarEntry* entry) {
  struct stat info {};
  if (fstatat(image, entry->path.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) {
    return FailedOn("fstatat", entry->path);
  }
  entry->mode = info.st_mode & kModeMask;
  entry->uid = info.st_uid;
  entry->gid = info.st_gid;
  entry->mtime = info.st_mtim;
  return {};
}

void Make(const PackRules& rules, timespec time, TarEntry* entry) {
  entry->mode = kNewDirectoryMode;
  if (rules.owner.has_value()) {
    entry->uid = rules.owner->uid;
    entry->gid = rules.owner->gid;
  }
  if (!rules.no_times) entry->mtime = time;
}

// What a directory on the way is: as the image has it, as far as that goes, else a new one.
Status DescribeDirectory(const CopyRequest& request, bool is_there, timespec time,
                         TarEntry* entry) {
  if (is_there) return Keep(request.image, entry);
  Make(request.rules, time, entry);
  return {};
}

// Headers for the directories on the way to `path`, that one too, but for those that have been
// written: `written` is the longest of them.
Status WriteDirectories(const CopyRequest& request, const Destination& destination,
                        const std::string& written, const std::string& path, timespec time,
                        TarWriter* writer) {
  const bool is_known = request.image >= 0;
  const std::string& from = is_known ? written : Longer(written, destination.existing);
  size_t at = from.empty() ? 0 : from.size() + 1;
  while (at < path.size()) {
    const size_t end = std::min(path.find('/', at), path.size());
    TarEntry entry;
    entry.type = '5';
    entry.path = path.substr(0, end);
    const bool is_there = is_known && end <= destination.existing.size();
    TRY(DescribeDirectory(request, is_there, time, &entry));
    TRY(writer->WriteHeader(entry));
    at = end + 1;
  }
  return {};
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// Where a source goes.
struct Target {
  // The directory that has to be there first.
  std::string directory;
  std::string path;
};

Target TargetOf(const Source& source, const Destination& destination) {
  if (source.is_directory) return {destination.path, destination.path};
  if (destination.is_directory) return {destination.path, Join(destination.path, source.name)};
  return {DirectoryOf(destination.path), destination.path};
}

}  // namespace

Status WriteCopy(const CopyRequest& request, TarWriter* writer) {
  const std::vector<Source> sources =
      TRY(FindSources(request.context, request.sources, request.rules.ignored));
  const Destination destination = TRY(FindDestination(request, sources.size()));
  std::string written;
  Packer packer(request.context, writer, request.rules);
  for (const Source& source : sources) {
    const Target target = TargetOf(source, destination);
    TRY(WriteDirectories(request, destination, written, target.directory, source.time, writer));
    written = Longer(written, target.directory);
    TRY(source.is_directory ? packer.PackContents(source.path, target.path)
                            : packer.PackOne(source.path, target.path));
  }
  return writer->Finish();
}

}  // namespace sandpiper
