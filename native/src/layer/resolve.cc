#include "resolve.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "directory.h"
#include "ignore_list.h"
#include "problem.h"

namespace sandpiper {
namespace {

// The kernel's own bound (path_resolution(7)).
constexpr int kLinksMax = 40;

// Puts the names of `path` on a stack, the first on top.
void PushNames(const std::string& path, std::vector<std::string>* names) {
  size_t end = path.size();
  while (true) {
    const size_t slash = end == 0 ? std::string::npos : path.rfind('/', end - 1);
    const size_t from = slash == std::string::npos ? 0 : slash + 1;
    const std::string name = path.substr(from, end - from);
    if (!name.empty() && name != ".") names->push_back(name);
    if (slash == std::string::npos) return;
    end = slash;
  }
}

std::string Parent(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

Result<std::string> ReadLink(int link, const std::string& path) {
  char target[kPathMax + 1];
  const ssize_t size = readlinkat(link, "", target, sizeof(target));
  if (size < 0) return FailedOn("readlink", path);
  return std::string(target, static_cast<size_t>(size));
}

// What is at a path without links; zeros when nothing is.
Result<struct stat> Look(int root, const std::string& path, UniqueFd* opened) {
  struct stat info {};
  Result<UniqueFd> file = OpenBeneath(root, path, O_PATH);
  if (!file.ok() && file.failure().error == ENOENT) return info;
  *opened = TRY(std::move(file));
  if (fstatat(opened->get(), "", &info, AT_EMPTY_PATH) < 0) return FailedOn("fstat", path);
  return info;
}

class Walk {
 public:
  explicit Walk(int root) : root_(root) {}

  Status Start(const std::string& path) {
    asked_ = path;
    PushNames(path, &names_);
    return ToRoot();
  }

  [[nodiscard]] bool done() const { return names_.empty(); }
  [[nodiscard]] const Resolved& here() const { return here_; }

  Status Step() {
    const std::string name = names_.back();
    names_.pop_back();
    const bool up = name == "..";
    if (here_.exists && !S_ISDIR(here_.info.st_mode)) return About({ENOTDIR, "open", ""}, asked_);
    const std::string next = up ? Parent(here_.path) : Join(here_.path, name);
    struct stat info {};
    if (here_.exists || up) info = TRY(Look(root_, next, &opened_));
    if (S_ISLNK(info.st_mode)) return Follow(next);
    here_.path = next;
    here_.info = info;
    here_.exists = info.st_mode != 0;
    if (here_.exists) here_.existing = next;
    return {};
  }

 private:
  Status ToRoot() {
    here_ = Resolved();
    here_.info = TRY(Look(root_, "", &opened_));
    here_.exists = true;
    return {};
  }

  Status Follow(const std::string& link) {
    if (++links_ > kLinksMax) return About({ELOOP, "open", ""}, asked_);
    const std::string target = TRY(ReadLink(opened_.get(), link));
    PushNames(target, &names_);
    if (!target.empty() && target.front() == '/') return ToRoot();
    return {};
  }

  int root_;
  std::string asked_;
  // Those that are left, the next one last.
  std::vector<std::string> names_;
  Resolved here_;
  UniqueFd opened_;
  int links_ = 0;
};

}  // namespace

Result<Resolved> Resolve(int root, const std::string& path) {
  Walk walk(root);
  TRY(walk.Start(path));
  while (!walk.done()) TRY(walk.Step());
  return walk.here();
}

}  // namespace sandpiper
