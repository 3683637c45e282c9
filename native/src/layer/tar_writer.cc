#include "tar_writer.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace sandpiper {
namespace {

constexpr size_t kBlockBytes = 512;
constexpr size_t kNameBytesMax = 100;
constexpr uint64_t kIdMax = 07777777;
constexpr uint64_t kSizeMax = 077777777777;
constexpr int64_t kTimeMax = 077777777777;

// The header of POSIX's format, ustar.
struct Header {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char link[100];
  char magic[6];
  char version[2];
  char user[32];
  char group[32];
  char major[8];
  char minor[8];
  char prefix[155];
  char rest[12];
};
static_assert(sizeof(Header) == kBlockBytes);

size_t Padding(uint64_t size) { return (kBlockBytes - size % kBlockBytes) % kBlockBytes; }

template <size_t kSize>
void PutNumber(char (&field)[kSize], uint64_t value) {
  char text[32];
  (void)std::snprintf(text, sizeof(text), "%0*llo", static_cast<int>(kSize - 1),
                      static_cast<unsigned long long>(value));
  std::memcpy(field, text, kSize - 1);
}

void PutText(char (&field)[kNameBytesMax], const std::string& text) {
  std::memcpy(field, text.data(), std::min(text.size(), kNameBytesMax));
}

void PutChecksum(Header* header) {
  std::memset(header->checksum, ' ', sizeof(header->checksum));
  unsigned sum = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(header);
  for (size_t i = 0; i < sizeof(Header); i++) sum += bytes[i];
  (void)std::snprintf(header->checksum, sizeof(header->checksum) - 1, "%06o", sum);
}

// `LENGTH KEY=VALUE NEWLINE`, the length counting all of itself.
void AppendRecord(std::string* records, const std::string& key, const std::string& value) {
  const std::string rest = ' ' + key + '=' + value + '\n';
  size_t length = rest.size();
  while (std::to_string(length).size() + rest.size() != length) {
    length = std::to_string(length).size() + rest.size();
  }
  *records += std::to_string(length) + rest;
}

// Seconds with as many digits behind the point as it takes.
std::string TimeText(timespec time) {
  const bool negative = time.tv_sec < 0;
  uint64_t seconds = static_cast<uint64_t>(time.tv_sec);
  auto fraction = static_cast<unsigned long>(time.tv_nsec);
  if (negative) {
    // -1.5 is two seconds back and half a second forth.
    seconds = fraction == 0 ? -seconds : -(seconds + 1);
    if (fraction != 0) fraction = 1'000'000'000 - fraction;
  }
  std::string text = (negative ? "-" : "") + std::to_string(seconds);
  if (fraction == 0) return text;
  const std::string digits = std::to_string(fraction);
  text += '.' + std::string(9 - digits.size(), '0') + digits;
  return text.substr(0, text.find_last_not_of('0') + 1);
}

std::string NameOf(const TarEntry& entry) {
  return entry.type == '5' ? entry.path + '/' : entry.path;
}

bool IsPlainTime(timespec time) {
  return time.tv_nsec == 0 && time.tv_sec >= 0 && time.tv_sec <= kTimeMax;
}

// What the plain header has no room for.
std::string ExtendedRecords(const TarEntry& entry) {
  std::string records;
  const std::string name = NameOf(entry);
  if (name.size() > kNameBytesMax) AppendRecord(&records, "path", name);
  if (entry.link.size() > kNameBytesMax) AppendRecord(&records, "linkpath", entry.link);
  if (entry.size > kSizeMax) AppendRecord(&records, "size", std::to_string(entry.size));
  if (entry.uid > kIdMax) AppendRecord(&records, "uid", std::to_string(entry.uid));
  if (entry.gid > kIdMax) AppendRecord(&records, "gid", std::to_string(entry.gid));
  if (!IsPlainTime(entry.mtime)) AppendRecord(&records, "mtime", TimeText(entry.mtime));
  for (const Xattr& xattr : entry.xattrs) {
    AppendRecord(&records, "SCHILY.xattr." + xattr.name, xattr.value);
  }
  return records;
}

}  // namespace

Status TarWriter::WriteHeader(const TarEntry& entry) {
  const std::string records = ExtendedRecords(entry);
  if (!records.empty()) {
    TarEntry extended;
    extended.type = 'x';
    extended.path = "PaxHeaders/entry";
    extended.mode = 0644;
    extended.size = records.size();
    TRY(WriteBlock(extended));
    TRY(output_.Write(records.data(), records.size()));
    TRY(output_.WriteZeros(Padding(records.size())));
  }
  return WriteBlock(entry);
}

Status TarWriter::WriteBlock(const TarEntry& entry) {
  Header header{};
  PutText(header.name, NameOf(entry));
  PutText(header.link, entry.link);
  PutNumber(header.mode, entry.mode);
  PutNumber(header.uid, entry.uid > kIdMax ? 0 : entry.uid);
  PutNumber(header.gid, entry.gid > kIdMax ? 0 : entry.gid);
  PutNumber(header.size, entry.size > kSizeMax ? 0 : entry.size);
  PutNumber(header.mtime, IsPlainTime(entry.mtime) ? static_cast<uint64_t>(entry.mtime.tv_sec) : 0);
  header.type = entry.type;
  std::memcpy(header.magic, "ustar", sizeof(header.magic));
  std::memcpy(header.version, "00", sizeof(header.version));
  PutNumber(header.major, 0);
  PutNumber(header.minor, 0);
  PutChecksum(&header);
  return output_.Write(&header, sizeof(header));
}

Status TarWriter::WriteContent(int file, const TarEntry& entry) {
  TRY(output_.CopyFile(file, entry.size, entry.path));
  return output_.WriteZeros(Padding(entry.size));
}

Status TarWriter::Finish() {
  TRY(output_.WriteZeros(2 * kBlockBytes));
  return output_.Flush();
}

}  // namespace sandpiper
