#include "attributes.h"

#include <linux/capability.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "problem.h"

namespace sandpiper {
namespace {

// XATTR_LIST_MAX and XATTR_SIZE_MAX of the kernel.
constexpr size_t kBytesMax = 65536;
constexpr char kCapability[] = "security.capability";
constexpr char kUser[] = "user.";
// Of the two kinds of overlays: sandboxes have the first (overlayfs.rst, "User xattr").
constexpr const char* kOverlay[] = {"user.overlay.", "trusted.overlay."};

bool StartsWith(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

Result<std::string> ReadValue(int file, const std::string& name, const std::string& path) {
  static char buffer[kBytesMax];
  const ssize_t size = fgetxattr(file, name.c_str(), buffer, sizeof(buffer));
  if (size < 0) return FailedOn("fgetxattr", path);
  return std::string(buffer, static_cast<size_t>(size));
}

// Without the root that it counts for, when that is the range's own (capabilities(7), "Namespaced
// file capabilities"): VFS_CAP_REVISION_3 has it at the end.
Result<std::string> Shifted(std::string value, const IdRange& ids, const std::string& path) {
  vfs_ns_cap_data data{};
  if (value.size() != XATTR_CAPS_SZ_3) return value;
  std::memcpy(&data, value.data(), sizeof(data));
  if (data.rootid < ids.start || data.rootid - ids.start >= ids.count) {
    return Refused("has a capability for an id outside of the range", path);
  }
  data.rootid -= ids.start;
  if (data.rootid == 0) {
    data.magic_etc = (data.magic_etc & VFS_CAP_FLAGS_MASK) | VFS_CAP_REVISION_2;
    return std::string(reinterpret_cast<const char*>(&data), XATTR_CAPS_SZ_2);
  }
  return std::string(reinterpret_cast<const char*>(&data), XATTR_CAPS_SZ_3);
}

// Takes one of overlayfs's own in. Of those that move files elsewhere sandboxes make none.
Status AddOverlay(int file, const std::string& name, const std::string& mark,
                  const std::string& path, Attributes* attributes) {
  if (mark == "opaque") attributes->opaque = TRY(ReadValue(file, name, path)) == "y";
  if (mark == "redirect" || mark == "metacopy") {
    return Refused("is no whole file: overlayfs keeps the rest elsewhere", path);
  }
  return {};
}

Status Add(int file, const std::string& name, const std::optional<IdRange>& ids,
           const std::string& path, Attributes* attributes) {
  for (const char* prefix : kOverlay) {
    if (!StartsWith(name, prefix)) continue;
    return AddOverlay(file, name, name.substr(std::strlen(prefix)), path, attributes);
  }
  const bool is_capability = name == kCapability;
  if (!is_capability && !StartsWith(name, kUser)) return {};
  if (name.find('=') != std::string::npos) return {};
  std::string value = TRY(ReadValue(file, name, path));
  if (is_capability && ids.has_value()) value = TRY(Shifted(std::move(value), *ids, path));
  attributes->kept.push_back({name, std::move(value)});
  return {};
}

}  // namespace

Result<Attributes> ReadAttributes(int file, const std::optional<IdRange>& ids,
                                  const std::string& path) {
  static char names[kBytesMax];
  Attributes attributes;
  const ssize_t size = flistxattr(file, names, sizeof(names));
  if (size < 0 && errno == EOPNOTSUPP) return attributes;
  if (size < 0) return FailedOn("flistxattr", path);
  for (const char* at = names; at < names + size; at += std::strlen(at) + 1) {
    TRY(Add(file, at, ids, path, &attributes));
  }
  std::sort(attributes.kept.begin(), attributes.kept.end(),
            [](const Xattr& a, const Xattr& b) { return a.name < b.name; });
  return attributes;
}

}  // namespace sandpiper
