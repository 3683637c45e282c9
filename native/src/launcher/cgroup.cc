#include "cgroup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdio>
#include <cstring>

#include "sys.h"

namespace sandpiper {
namespace {

// A cgroup file is a page at most.
constexpr size_t kFileBytesMax = 4096;

// The path of a sandbox's cgroup, relative to the host's root.
struct CgroupPath {
  char text[PATH_MAX];
  CgroupPath(const CgroupRequest& parent, const char* name) {
    const char* directory = parent.directory;
    while (*directory == '/') directory++;
    (void)std::snprintf(text, sizeof(text), "%s/%s", directory, name);
  }
};

Status WriteFile(int directory, const CgroupWrite& write) {
  Result<UniqueFd> file = sys::OpenKernelFile(directory, write.file, O_WRONLY);
  if (!file.ok()) {
    return write.optional && file.failure().error == ENOENT ? Status() : file.failure();
  }
  return sys::Write(file.Take().get(), write.value, std::strlen(write.value), write.file);
}

Result<UniqueFd> MakeCgroup(const Cgroups& cgroups, const CgroupRequest& parent) {
  TRY(sys::MakeDirectory(cgroups.host, CgroupPath(parent, cgroups.name).text, 0755,
                         parent.directory));
  return OpenCgroup(cgroups, parent);
}

Status WriteLimits(int directory, const CgroupRequest& parent) {
  for (const CgroupWrite& write : parent.writes) TRY(WriteFile(directory, write));
  return {};
}

// "0" is whoever writes it (cgroups(7)). Moving a whole process (cgroup.procs) waits for every CPU
// to pass through the scheduler, 5 to 20 ms on an idle machine; moving just the calling thread does
// not.
Status Enter(int directory, const char* object) {
  const UniqueFd tasks = TRY(sys::OpenKernelFile(directory, "tasks", O_WRONLY));
  return sys::Write(tasks.get(), "0", 1, object);
}

std::string ReadFile(int directory, const char* name) {
  Result<UniqueFd> file = sys::OpenKernelFile(directory, name, O_RDONLY);
  if (!file.ok()) return {};
  char text[kFileBytesMax];
  const ssize_t size = read(file.Take().get(), text, sizeof(text));
  return size <= 0 ? std::string() : std::string(text, static_cast<size_t>(size));
}

}  // namespace

Result<UniqueFd> OpenCgroup(const Cgroups& cgroups, const CgroupRequest& parent) {
  return sys::Open(cgroups.host, CgroupPath(parent, cgroups.name).text, O_PATH | O_DIRECTORY,
                   sys::kInRoot, parent.directory);
}

Result<UniqueFd> MakeUnifiedCgroup(const Cgroups& cgroups) {
  for (const CgroupRequest& parent : cgroups.parents) {
    if (!parent.unified) continue;
    UniqueFd directory = TRY(MakeCgroup(cgroups, parent));
    TRY(WriteLimits(directory.get(), parent));
    return directory;
  }
  return UniqueFd();
}

Status EnterCgroups(const Cgroups& cgroups) {
  for (const CgroupRequest& parent : cgroups.parents) {
    if (parent.unified) continue;
    const UniqueFd directory = TRY(MakeCgroup(cgroups, parent));
    TRY(WriteLimits(directory.get(), parent));
    TRY(Enter(directory.get(), parent.directory));
  }
  return {};
}

Status LimitCgroups(const Cgroups& cgroups) {
  for (const CgroupRequest& parent : cgroups.parents) {
    if (parent.writes.empty()) continue;
    const UniqueFd directory = TRY(OpenCgroup(cgroups, parent));
    TRY(WriteLimits(directory.get(), parent));
  }
  return {};
}

Result<UniqueFd> OpenUnifiedCgroup(const Cgroups& cgroups) {
  for (const CgroupRequest& parent : cgroups.parents) {
    if (parent.unified) return OpenCgroup(cgroups, parent);
  }
  return UniqueFd();
}

Status JoinCgroups(const Cgroups& cgroups) {
  for (const CgroupRequest& parent : cgroups.parents) {
    if (parent.unified) continue;
    const UniqueFd directory = TRY(OpenCgroup(cgroups, parent));
    TRY(Enter(directory.get(), parent.directory));
  }
  return {};
}

std::vector<std::string> ReadCgroups(const Cgroups& cgroups) {
  std::vector<std::string> contents;
  for (const CgroupRequest& parent : cgroups.parents) {
    if (parent.reads.empty()) continue;
    Result<UniqueFd> opened = OpenCgroup(cgroups, parent);
    const UniqueFd directory = opened.ok() ? opened.Take() : UniqueFd();
    for (const char* name : parent.reads) contents.push_back(ReadFile(directory.get(), name));
  }
  return contents;
}

std::string CgroupPaths(const Cgroups& cgroups) {
  std::string paths;
  for (const CgroupRequest& parent : cgroups.parents) {
    paths += CgroupPath(parent, cgroups.name).text;
    paths += '\0';
  }
  return paths;
}

bool RemoveCgroups(const Cgroups& cgroups) {
  const std::string paths = CgroupPaths(cgroups);
  return RemoveCgroupPaths(cgroups.host, paths.data(), paths.size());
}

bool RemoveCgroupPaths(int host, const char* paths, size_t size) {
  bool all = true;
  for (const char* path = paths; path < paths + size; path += std::strlen(path) + 1) {
    all = (unlinkat(host, path, AT_REMOVEDIR) == 0 || errno == ENOENT) && all;
  }
  return all;
}

}  // namespace sandpiper
