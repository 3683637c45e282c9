#include "rlimits.h"

#include <algorithm>

namespace sandpiper {

Status SetRlimits(const List<RlimitRequest>& limits) {
  for (const RlimitRequest& limit : limits) {
    const auto resource = static_cast<__rlimit_resource_t>(limit.resource);
    rlimit current{};
    if (getrlimit(resource, &current) < 0) return LastFailure("getrlimit", "resource");
    rlimit wanted{};
    wanted.rlim_max = std::min<rlim_t>(limit.hard, current.rlim_max);
    wanted.rlim_cur = std::min<rlim_t>(limit.soft, wanted.rlim_max);
    if (setrlimit(resource, &wanted) < 0) return LastFailure("setrlimit", "resource");
  }
  return {};
}

}  // namespace sandpiper
