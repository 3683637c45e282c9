#include "cgroup_sampler.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "sys.h"

namespace sandpiper {
namespace {

// A cgroup file is a page at most.
constexpr size_t kFileBytesMax = 4096;
// Files that are kept open of one sandbox: of those after them nothing is known.
constexpr size_t kFilesMax = 16;

bool IsDigit(char byte) { return byte >= '0' && byte <= '9'; }

// The number that a file of one number is.
uint64_t WholeNumber(const char* text) {
  return IsDigit(*text) ? std::strtoull(text, nullptr, 10) : wire::kUnknown;
}

// The numbers after `key`, where that begins a word, added up.
uint64_t SumAfter(const char* text, const char* key) {
  const size_t size = std::strlen(key);
  uint64_t sum = 0;
  bool found = false;
  for (const char* at = text; (at = std::strstr(at, key)) != nullptr; at += size) {
    const bool begins = at == text || at[-1] == '\n' || at[-1] == ' ';
    if (!begins || !IsDigit(at[size])) continue;
    sum += std::strtoull(at + size, nullptr, 10);
    found = true;
  }
  return found ? sum : wire::kUnknown;
}

// From its beginning; "" when it can't be read, as when the cgroup is gone.
void ReadAgain(const UniqueFd& file, char (&text)[kFileBytesMax]) {
  const ssize_t size = file.valid() ? pread(file.get(), text, sizeof(text) - 1, 0) : 0;
  text[size > 0 ? size : 0] = 0;
}

UniqueFd OpenFile(const UniqueFd& directory, const char* name) {
  Result<UniqueFd> file = sys::OpenKernelFile(directory.get(), name, O_RDONLY);
  return file.ok() ? file.Take() : UniqueFd();
}

}  // namespace

CgroupSampler::CgroupSampler(const Cgroups& cgroups) {
  for (const CgroupRequest& parent : cgroups.parents) {
    if (parent.samples.empty() && !parent.sum_io) continue;
    Result<UniqueFd> opened = OpenCgroup(cgroups, parent);
    UniqueFd directory = opened.ok() ? opened.Take() : UniqueFd();
    for (const CgroupSample& sample : parent.samples) {
      const bool opens = directory.valid() && files_.size() < kFilesMax;
      files_.push_back({opens ? OpenFile(directory, sample.file) : UniqueFd(), &sample.keys});
      numbers_ += static_cast<uint32_t>(sample.keys.size());
    }
    if (parent.sum_io) processes_ = std::move(directory);
  }
}

void CgroupSampler::WriteNumbers(wire::Writer& reply) const {
  char text[kFileBytesMax];
  reply.U32(numbers_);
  for (const File& file : files_) {
    ReadAgain(file.file, text);
    for (const char* key : *file.keys) {
      reply.U64(*key == 0 ? WholeNumber(text) : SumAfter(text, key));
    }
  }
}

IoBytes CgroupSampler::SumIo() const {
  if (!processes_.valid()) return {};
  // Opened each time: of a file that stays open, version 1 shows for a second or more the processes
  // that there were when it was last read (cgroup_pidlist_start in kernel/cgroup/cgroup-v1.c).
  const UniqueFd file = OpenFile(processes_, "cgroup.procs");
  char text[kFileBytesMax];
  ReadAgain(file, text);
  return SumProcessIo(text);
}

}  // namespace sandpiper
