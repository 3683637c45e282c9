#include <fcntl.h>
#include <linux/capability.h>
#include <unistd.h>

#include "arguments.h"
#include "caps.h"
#include "commands.h"
#include "confine.h"
#include "options.h"
#include "problem.h"
#include "record_reader.h"
#include "sys.h"
#include "unpacker.h"

namespace sandpiper {
namespace {

// No MKNOD: overlayfs's whiteouts are no devices to the kernel, and there are no others.
constexpr uint64_t kCapabilities = CapabilityBit(CAP_CHOWN) | CapabilityBit(CAP_DAC_OVERRIDE) |
                                   CapabilityBit(CAP_FOWNER) | CapabilityBit(CAP_FSETID) |
                                   CapabilityBit(CAP_SETFCAP);
constexpr unsigned kDescriptorsMax = 32;
constexpr uint64_t kMemoryBytesMax = uint64_t{1} << 30;

Status Unpack(const char* directory) {
  TRY(Confine({.root = directory,
               .read_only = false,
               .capabilities = kCapabilities,
               .descriptors_max = kDescriptorsMax,
               .memory_bytes_max = kMemoryBytesMax,
               .kept = {STDIN_FILENO, STDERR_FILENO},
               .calls = kWritingCalls}));
  const UniqueFd root = TRY(sys::Open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0));
  RecordReader reader(STDIN_FILENO);
  return Unpacker(root.get(), &reader).Run();
}

}  // namespace

int RunUnpack(int argc, char** argv) {
  Result<Arguments> parsed = Arguments::Parse(argc, argv, {}, {});
  if (!parsed.ok()) return TellUsage(parsed.failure());
  const Arguments arguments = parsed.Take();
  if (arguments.rest().size() != 1) return TellUsage(Refused("takes one directory", "unpack"));
  return Tell(Unpack(arguments.rest().front()), STDERR_FILENO);
}

}  // namespace sandpiper
