#include "record_reader.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "problem.h"

namespace sandpiper {
namespace {

constexpr size_t kBufferBytes = size_t{512} * 1024;
constexpr const char* kInput = "records";

Failure Broken() { return {EBADMSG, "read", kInput}; }

Status ParseXattrs(const std::string& bytes, std::vector<Xattr>* xattrs) {
  for (size_t at = 0; at < bytes.size();) {
    uint32_t sizes[2];
    if (bytes.size() - at < sizeof(sizes)) return Broken();
    std::memcpy(sizes, bytes.data() + at, sizeof(sizes));
    at += sizeof(sizes);
    if (bytes.size() - at < uint64_t{sizes[0]} + sizes[1]) return Broken();
    xattrs->push_back({bytes.substr(at, sizes[0]), bytes.substr(at + sizes[0], sizes[1])});
    at += sizes[0] + sizes[1];
  }
  return {};
}

}  // namespace

RecordReader::RecordReader(int fd) : fd_(fd), buffer_(new char[kBufferBytes]) {}

Status RecordReader::Next(Record* record) {
  RecordHeader& header = record->header;
  TRY(Read(&header, sizeof(header)));
  const uint64_t size =
      uint64_t{header.path_bytes} + header.target_bytes + uint64_t{header.xattr_bytes};
  if (size > kRecordBytesMax) return Broken();
  TRY(ReadText(&record->path, header.path_bytes));
  TRY(ReadText(&record->target, header.target_bytes));
  record->xattrs.clear();
  if (header.xattr_bytes == 0) return {};
  std::string xattrs;
  TRY(ReadText(&xattrs, header.xattr_bytes));
  return ParseXattrs(xattrs, &record->xattrs);
}

Status RecordReader::CopyTo(int file, uint64_t size, const std::string& path) {
  while (size > 0) {
    if (from_ == to_) TRY(Fill());
    const size_t part = std::min<uint64_t>(size, to_ - from_);
    const ssize_t written = write(file, buffer_.get() + from_, part);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return FailedOn("write", path);
    from_ += static_cast<size_t>(written);
    size -= static_cast<uint64_t>(written);
  }
  return {};
}

// Called when all was taken.
Status RecordReader::Fill() {
  ssize_t got = 0;
  do {
    got = read(fd_, buffer_.get(), kBufferBytes);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return LastFailure("read", kInput);
  if (got == 0) return Broken();
  from_ = 0;
  to_ = static_cast<size_t>(got);
  return {};
}

Status RecordReader::Read(void* data, uint64_t size) {
  char* to = static_cast<char*>(data);
  while (size > 0) {
    if (from_ == to_) TRY(Fill());
    const size_t part = std::min<uint64_t>(size, to_ - from_);
    std::memcpy(to, buffer_.get() + from_, part);
    from_ += part;
    to += part;
    size -= part;
  }
  return {};
}

Status RecordReader::ReadText(std::string* text, uint32_t size) {
  text->resize(size);
  return Read(text->data(), size);
}

}  // namespace sandpiper
