#include "copy.h"

#include <fcntl.h>

#include <algorithm>

#include "directory.h"
#include "pattern.h"
#include "problem.h"
#include "resolve.h"
#include "sources.h"

namespace sandpiper {
namespace {

constexpr uint32_t kNewDirectoryMode = 0755;

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

// Headers for the missing directories on the way to `path`, that one too.
Status MakeDirectories(const CopyRequest& request, const std::string& existing,
                       const std::string& path, timespec time, TarWriter* writer) {
  size_t at = existing.empty() ? 0 : existing.size() + 1;
  while (at < path.size()) {
    const size_t end = std::min(path.find('/', at), path.size());
    TarEntry entry;
    entry.type = '5';
    entry.path = path.substr(0, end);
    entry.mode = kNewDirectoryMode;
    if (request.rules.owner.has_value()) {
      entry.uid = request.rules.owner->uid;
      entry.gid = request.rules.owner->gid;
    }
    if (!request.rules.no_times) entry.mtime = time;
    TRY(writer->WriteHeader(entry));
    at = end + 1;
  }
  return {};
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

// The later of two parts of one path.
const std::string& Longer(const std::string& a, const std::string& b) {
  return a.size() > b.size() ? a : b;
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
  std::string made = destination.existing;
  Packer packer(request.context, writer, request.rules);
  for (const Source& source : sources) {
    const Target target = TargetOf(source, destination);
    TRY(MakeDirectories(request, made, target.directory, source.time, writer));
    made = Longer(made, target.directory);
    TRY(source.is_directory ? packer.PackContents(source.path, target.path)
                            : packer.PackOne(source.path, target.path));
  }
  return writer->Finish();
}

}  // namespace sandpiper
