#include "probe.h"
namespace sandpiper {
int RunProbes() { return 0; }
}  // namespace sandpiper
