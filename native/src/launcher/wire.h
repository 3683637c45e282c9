#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>

#include "arena.h"
#include "frame.h"

// Payloads: numbers in host order, strings with their length before and a NUL after them.
namespace sandpiper::wire {

// Reads a payload from front to back. After a malformed field every further read gives zero or "",
// and ok() is false.
class Reader {
 public:
  // `arena` is for lists; it and the payload must outlive what is decoded.
  Reader(const char* data, size_t size, Arena* arena = nullptr)
      : at_(data), left_(size), arena_(arena) {}
  uint8_t U8() { return Number<uint8_t>(); }
  uint32_t U32() { return Number<uint32_t>(); }
  uint64_t U64() { return Number<uint64_t>(); }
  // A string that is followed by a NUL and has none inside; borrowed from the payload.
  const char* String();
  // Bytes of any kind; borrowed from the payload.
  const char* Bytes(size_t* size);
  // A list of which each item takes at least one byte; `extra` items follow it that are zero.
  template <typename T, typename Item>
  List<T> Items(Item item, size_t extra = 0) {
    const uint32_t count = Count();
    const size_t size = count + extra;
    auto* items = static_cast<T*>(arena_->Allocate(size * sizeof(T)));
    if (items == nullptr) ok_ = false;
    if (!ok_) return {};
    for (size_t i = 0; i < size; i++) new (&items[i]) T(i < count ? item() : T{});
    return List<T>(items, size);
  }
  [[nodiscard]] bool ok() const { return ok_; }
  // Whether all was read and nothing was wrong.
  [[nodiscard]] bool Finished() const { return ok_ && left_ == 0; }

 private:
  template <typename T>
  T Number();
  uint32_t Count();

  const char* at_;
  size_t left_;
  Arena* arena_;
  bool ok_ = true;
};

// A number in a reply that nothing tells.
constexpr uint64_t kUnknown = UINT64_MAX;

// Builds a reply.
class Writer {
 public:
  Writer(Reply type, uint32_t id);
  Writer& U32(uint32_t value);
  Writer& U64(uint64_t value);
  Writer& String(const char* text, size_t size);
  Writer& String(const std::string& text) { return String(text.data(), text.size()); }
  [[nodiscard]] const std::string& frame() const { return frame_; }

 private:
  std::string frame_;
};

}  // namespace sandpiper::wire
