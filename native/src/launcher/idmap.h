#pragma once

#include <cstdint>
#include <vector>

#include "holder.h"
#include "result.h"
#include "unique_fd.h"

namespace sandpiper {

// `count` ids from `inside` on are the host's ids from `outside` on.
struct IdExtent {
  uint32_t inside;
  uint32_t outside;
  uint32_t count;
};

using IdMap = std::vector<IdExtent>;

// Inside ids 0..count-1 are the host's `start`... in order.
IdMap PlainMap(uint32_t start, uint32_t count);

// The same, but `owner` stands where 0 does and 0 where `owner` does, so that files that belong to
// `owner` on disk are seen as root's. When `owner` is not below `count`, 0 takes the last place.
IdMap SwappedMap(uint32_t start, uint32_t count, uint32_t owner);

// Writes uid_map and gid_map (user_namespaces(7)) of a holder that has a new user namespace.
Status WriteIdMaps(const Holder& holder, const IdMap& uids, const IdMap& gids);

// A user namespace that exists only for its maps, as mount_setattr(2) takes one for an id-mapped
// mount.
Result<UniqueFd> NewIdMapping(const IdMap& uids, const IdMap& gids);

}  // namespace sandpiper
