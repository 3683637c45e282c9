#include <fcntl.h>
#include <unistd.h>

#include "arguments.h"
#include "commands.h"
#include "confined.h"
#include "options.h"
#include "problem.h"
#include "record_reader.h"
#include "sys.h"
#include "unpacker.h"

namespace sandpiper {
namespace {

Status Unpack(const char* directory) {
  TRY(ConfineWriter(directory));
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
