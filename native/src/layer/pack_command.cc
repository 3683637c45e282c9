#include <fcntl.h>
#include <unistd.h>

#include "arguments.h"
#include "commands.h"
#include "confined.h"
#include "options.h"
#include "packer.h"
#include "problem.h"
#include "sys.h"

namespace sandpiper {
namespace {

Result<PackRules> RulesOf(const Arguments& arguments) {
  PackRules rules;
  rules.overlay = arguments.Has("--overlay");
  rules.no_times = arguments.Has("--no-times");
  if (const char* ids = arguments.Value("--ids")) rules.ids = TRY(ParseIds(ids));
  if (const char* owner = arguments.Value("--chown")) rules.owner = TRY(ParseOwner(owner));
  return rules;
}

Status Pack(const Arguments& arguments, const PackRules& rules) {
  TRY(ConfineReader(arguments.rest().front()));
  const UniqueFd root = TRY(sys::Open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0));
  const char* prefix = arguments.Value("--prefix");
  const std::string to = CleanPath(prefix == nullptr ? "" : prefix);
  Output output(STDOUT_FILENO);
  TarWriter writer(&output);
  Packer packer(root.get(), &writer, rules);
  if (arguments.Has("--with-root")) TRY(packer.PackOne("", to.empty() ? "." : to));
  TRY(packer.PackContents("", to));
  return writer.Finish();
}

}  // namespace

int RunPack(int argc, char** argv) {
  Result<Arguments> parsed = Arguments::Parse(
      argc, argv, {"--overlay", "--no-times", "--with-root"}, {"--ids", "--chown", "--prefix"});
  if (!parsed.ok()) return TellUsage(parsed.failure());
  const Arguments arguments = parsed.Take();
  if (arguments.rest().size() != 1) return TellUsage(Refused("takes one directory", "pack"));
  Result<PackRules> rules = RulesOf(arguments);
  if (!rules.ok()) return TellUsage(rules.failure());
  return Tell(Pack(arguments, rules.Take()), STDERR_FILENO);
}

}  // namespace sandpiper
