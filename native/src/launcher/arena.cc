#include "arena.h"

#include <sys/mman.h>

#include <algorithm>

namespace sandpiper {
namespace {

constexpr size_t kChunkBytesMin = size_t{64} * 1024;

}  // namespace

struct Arena::Chunk {
  Chunk* next;
  size_t size;
};

Arena::~Arena() {
  while (chunks_ != nullptr) {
    Chunk* const chunk = chunks_;
    chunks_ = chunk->next;
    (void)munmap(chunk, chunk->size);
  }
}

void* Arena::Allocate(size_t size) {
  const size_t rounded = (size + kAlignment - 1) / kAlignment * kAlignment;
  if (rounded < size) return nullptr;
  if (rounded > left_ && !Grow(rounded)) return nullptr;
  char* const start = at_;
  at_ += rounded;
  left_ -= rounded;
  return start;
}

bool Arena::Grow(size_t size) {
  constexpr size_t kHeader = (sizeof(Chunk) + kAlignment - 1) / kAlignment * kAlignment;
  const size_t bytes = std::max(kChunkBytesMin, size + kHeader);
  if (bytes < size) return false;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  auto* chunk = static_cast<Chunk*>(memory);
  *chunk = {chunks_, bytes};
  chunks_ = chunk;
  at_ = static_cast<char*>(memory) + kHeader;
  left_ = bytes - kHeader;
  return true;
}

}  // namespace sandpiper
