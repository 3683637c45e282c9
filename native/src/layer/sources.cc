#include "sources.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "directory.h"
#include "packer.h"
#include "pattern.h"
#include "problem.h"
#include "resolve.h"

namespace sandpiper {
namespace {

// As many as a pattern may match.
constexpr size_t kMatchesMax = 100'000;

bool IsLeftOut(const IgnoreList* ignored, const Resolved& found) {
  if (ignored == nullptr || found.path.empty() || !ignored->Ignores(found.path)) return false;
  return !S_ISDIR(found.info.st_mode) || !ignored->has_exceptions();
}

// The names in a directory, none for what is none.
Result<std::vector<std::string>> NamesIn(int context, const std::string& path) {
  const UniqueFd file = TRY(OpenBeneath(context, path, O_PATH));
  struct stat info {};
  if (fstatat(file.get(), "", &info, AT_EMPTY_PATH) < 0) return FailedOn("fstat", path);
  if (!S_ISDIR(info.st_mode)) return std::vector<std::string>();
  const UniqueFd directory = TRY(OpenBeneath(context, path, O_RDONLY | O_DIRECTORY));
  return ReadNames(directory.get(), path);
}

std::vector<std::string> SplitNames(const std::string& path) {
  std::vector<std::string> names;
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    names.push_back(path.substr(at, end - at));
    at = end + 1;
  }
  return names;
}

// One more name of a pattern: what matches it in each of the directories.
Result<std::vector<std::string>> Step(int context, const std::vector<std::string>& directories,
                                      const std::string& name) {
  const Pattern pattern = TRY(Pattern::Parse(name, false));
  std::vector<std::string> found;
  for (const std::string& directory : directories) {
    for (const std::string& candidate : TRY(NamesIn(context, directory))) {
      if (pattern.Matches(candidate)) found.push_back(Join(directory, candidate));
    }
    if (found.size() > kMatchesMax) return Refused("matches too many files", name);
  }
  return found;
}

// Paths that match. Names before the first pattern are followed as those of any source.
Result<std::vector<std::string>> Expand(int context, const std::string& source) {
  const std::vector<std::string> names = SplitNames(source);
  std::string base;
  size_t at = 0;
  for (; at < names.size() && !IsPattern(names[at]); at++) base = Join(base, names[at]);
  const Resolved start = TRY(Resolve(context, base));
  if (!start.exists) return std::vector<std::string>();
  std::vector<std::string> found = {start.path};
  for (; at < names.size(); at++) found = TRY(Step(context, found, names[at]));
  return found;
}

Source ToSource(const Resolved& found, const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  return {found.path, name, S_ISDIR(found.info.st_mode), found.info.st_mtim};
}

Status AddMatches(int context, const std::string& pattern, const IgnoreList* ignored,
                  std::vector<Source>* found) {
  for (const std::string& match : TRY(Expand(context, pattern))) {
    const Resolved resolved = TRY(Resolve(context, match));
    if (!resolved.exists || IsLeftOut(ignored, resolved)) continue;
    found->push_back(ToSource(resolved, match));
  }
  return {};
}

Status Add(int context, const std::string& asked, const IgnoreList* ignored,
           std::vector<Source>* found) {
  const std::string path = CleanPath(asked);
  if (IsPattern(path)) return AddMatches(context, path, ignored, found);
  const Resolved resolved = TRY(Resolve(context, path));
  if (!resolved.exists) return Refused("is not there to be copied", asked);
  if (IsLeftOut(ignored, resolved)) return Refused("is left out by the .dockerignore", asked);
  found->push_back(ToSource(resolved, path));
  return {};
}

}  // namespace

Result<std::vector<Source>> FindSources(int context, const std::vector<std::string>& sources,
                                        const IgnoreList* ignored) {
  std::vector<Source> found;
  for (const std::string& asked : sources) TRY(Add(context, asked, ignored, &found));
  if (found.empty() && !sources.empty()) return Refused("matches nothing", sources.front());
  return found;
}

}  // namespace sandpiper
