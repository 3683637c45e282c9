#include "wire.h"

#include <cstring>

namespace sandpiper::wire {

template <typename T>
T Reader::Number() {
  T value{};
  if (!ok_ || left_ < sizeof(T)) {
    ok_ = false;
    return value;
  }
  std::memcpy(&value, at_, sizeof(T));
  at_ += sizeof(T);
  left_ -= sizeof(T);
  return value;
}
template uint8_t Reader::Number<uint8_t>();
template uint32_t Reader::Number<uint32_t>();
template uint64_t Reader::Number<uint64_t>();

const char* Reader::Bytes(size_t* size) {
  *size = U32();
  if (!ok_ || left_ < *size) {
    ok_ = false;
    *size = 0;
    return "";
  }
  const char* start = at_;
  at_ += *size;
  left_ -= *size;
  return start;
}

const char* Reader::String() {
  size_t size = 0;
  const char* start = Bytes(&size);
  if (!ok_) return "";
  if (size == 0 || std::memchr(start, 0, size) != start + size - 1) {
    ok_ = false;
    return "";
  }
  return start;
}

uint32_t Reader::Count() {
  const uint32_t count = U32();
  if (count > left_) ok_ = false;
  return ok_ ? count : 0;
}

Writer::Writer(Reply type, uint32_t id) {
  const ReplyHeader header{type, id};
  frame_.append(reinterpret_cast<const char*>(&header), sizeof(header));
}

Writer& Writer::U32(uint32_t value) {
  frame_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  return *this;
}

Writer& Writer::U64(uint64_t value) {
  frame_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  return *this;
}

Writer& Writer::String(const char* text, size_t size) {
  U32(static_cast<uint32_t>(size));
  frame_.append(text, size);
  return *this;
}

}  // namespace sandpiper::wire
