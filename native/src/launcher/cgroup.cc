#include "cgroup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "sys.h"

namespace sandpiper {
namespace {

// A cgroup file is a page at most.
constexpr size_t kFileBytesMax = 4096;

// Host paths are given absolute; below the host's root they are relative.
const char* Relative(const char* path) {
  while (*path == '/') path++;
  return path;
}

Status WriteFile(int directory, const CgroupWrite& write) {
  Result<UniqueFd> file = sys::OpenKernelFile(directory, write.file, O_WRONLY);
  if (!file.ok()) {
    return write.optional && file.failure().error == ENOENT ? Status() : file.failure();
  }
  return sys::Write(file.Take().get(), write.value, std::strlen(write.value), write.file);
}

Result<UniqueFd> OpenCgroup(int host, const CgroupRequest& cgroup) {
  return sys::Open(host, cgroup.directory, O_PATH | O_DIRECTORY, sys::kInRoot);
}

Result<UniqueFd> MakeCgroup(int host, const CgroupRequest& cgroup) {
  TRY(sys::MakeDirectory(host, Relative(cgroup.directory), 0755, cgroup.directory));
  UniqueFd directory = TRY(OpenCgroup(host, cgroup));
  for (const CgroupWrite& write : cgroup.writes) TRY(WriteFile(directory.get(), write));
  return directory;
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

Result<UniqueFd> MakeUnifiedCgroup(int host, const std::vector<CgroupRequest>& cgroups) {
  for (const CgroupRequest& cgroup : cgroups) {
    if (cgroup.unified) return MakeCgroup(host, cgroup);
  }
  return UniqueFd();
}

Status EnterCgroups(int host, const std::vector<CgroupRequest>& cgroups) {
  for (const CgroupRequest& cgroup : cgroups) {
    if (cgroup.unified) continue;
    const UniqueFd directory = TRY(MakeCgroup(host, cgroup));
    TRY(Enter(directory.get(), cgroup.directory));
  }
  return {};
}

Result<UniqueFd> OpenUnifiedCgroup(int host, const std::vector<CgroupRequest>& cgroups) {
  for (const CgroupRequest& cgroup : cgroups) {
    if (cgroup.unified) return OpenCgroup(host, cgroup);
  }
  return UniqueFd();
}

Status JoinCgroups(int host, const std::vector<CgroupRequest>& cgroups) {
  for (const CgroupRequest& cgroup : cgroups) {
    if (cgroup.unified) continue;
    const UniqueFd directory = TRY(OpenCgroup(host, cgroup));
    TRY(Enter(directory.get(), cgroup.directory));
  }
  return {};
}

std::vector<std::string> ReadCgroups(int host, const std::vector<CgroupRequest>& cgroups,
                                     std::vector<const char*> CgroupRequest::*files) {
  std::vector<std::string> contents;
  for (const CgroupRequest& cgroup : cgroups) {
    if ((cgroup.*files).empty()) continue;
    Result<UniqueFd> opened = OpenCgroup(host, cgroup);
    const UniqueFd directory = opened.ok() ? opened.Take() : UniqueFd();
    for (const char* name : cgroup.*files) contents.push_back(ReadFile(directory.get(), name));
  }
  return contents;
}

std::string ReadProcesses(int host, const std::vector<CgroupRequest>& cgroups) {
  for (const CgroupRequest& cgroup : cgroups) {
    if (!cgroup.sum_io) continue;
    Result<UniqueFd> directory = OpenCgroup(host, cgroup);
    if (directory.ok()) return ReadFile(directory.Take().get(), "cgroup.procs");
  }
  return {};
}

bool RemoveCgroups(int host, const std::vector<CgroupRequest>& cgroups) {
  bool all = true;
  for (const CgroupRequest& cgroup : cgroups) {
    const bool gone =
        unlinkat(host, Relative(cgroup.directory), AT_REMOVEDIR) == 0 || errno == ENOENT;
    all = all && gone;
  }
  return all;
}

}  // namespace sandpiper
