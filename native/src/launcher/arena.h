#pragma once

#include <cstddef>
#include <type_traits>

namespace sandpiper {

// Memory for what is decoded from one request, given back all at once. It never calls malloc, so
// that new processes can use it too.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  // Aligned for any type. Null when there is no memory.
  void* Allocate(size_t size);

 private:
  struct Chunk;
  static constexpr size_t kAlignment = 16;
  // Enough for an ordinary request.
  static constexpr size_t kOwnBytes = 4096;

  bool Grow(size_t size);

  Chunk* chunks_ = nullptr;
  char* at_ = own_;
  size_t left_ = sizeof(own_);
  alignas(kAlignment) char own_[kOwnBytes];
};

// A list in an arena.
template <typename T>
class List {
 public:
  static_assert(std::is_trivially_destructible_v<T>);
  List() = default;
  List(const T* items, size_t size) : items_(items), size_(size) {}
  [[nodiscard]] const T* begin() const { return items_; }
  [[nodiscard]] const T* end() const { return items_ + size_; }
  [[nodiscard]] const T* data() const { return items_; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  const T& operator[](size_t index) const { return items_[index]; }

 private:
  const T* items_ = nullptr;
  size_t size_ = 0;
};

}  // namespace sandpiper
