#include "idmap.h"

#include <sched.h>

#include <string>

namespace sandpiper {
namespace {

void Append(IdMap& map, uint32_t inside, uint32_t outside, uint32_t count) {
  if (count > 0) map.push_back({inside, outside, count});
}

std::string Text(const IdMap& map) {
  std::string text;
  for (const IdExtent& extent : map) {
    text += std::to_string(extent.inside) + ' ' + std::to_string(extent.outside) + ' ' +
            std::to_string(extent.count) + '\n';
  }
  return text;
}

}  // namespace

IdMap PlainMap(uint32_t start, uint32_t count) { return {{0, start, count}}; }

IdMap SwappedMap(uint32_t start, uint32_t count, uint32_t owner) {
  if (owner == 0 || count < 2) return PlainMap(start, count);
  const uint32_t other = owner < count ? owner : count - 1;
  IdMap map;
  Append(map, 0, start + other, 1);
  Append(map, 1, start + 1, other - 1);
  Append(map, owner, start, 1);
  Append(map, other + 1, start + other + 1, count - other - 1);
  return map;
}

Status WriteIdMaps(const Holder& holder, const IdMap& uids, const IdMap& gids) {
  TRY(holder.WriteProcFile("uid_map", Text(uids).c_str()));
  return holder.WriteProcFile("gid_map", Text(gids).c_str());
}

Result<UniqueFd> NewIdMapping(const IdMap& uids, const IdMap& gids) {
  const Holder holder = TRY(Holder::Start(CLONE_NEWUSER, nullptr));
  TRY(WriteIdMaps(holder, uids, gids));
  return holder.Namespace("ns/user");
}

}  // namespace sandpiper
