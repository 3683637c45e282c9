#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "arguments.h"
#include "commands.h"
#include "confined.h"
#include "copy.h"
#include "options.h"
#include "problem.h"
#include "read_file.h"
#include "sys.h"

namespace sandpiper {
namespace {

constexpr size_t kIgnoreListBytesMax = size_t{1} << 20;
constexpr uint64_t kCatBytesMax = uint64_t{1} << 20;
constexpr uint32_t kModeMask = 07777;

// Where failures are told: stderr, until there is something better.
struct Errors {
  UniqueFd file;
  [[nodiscard]] int fd() const { return file.valid() ? file.get() : STDERR_FILENO; }
};

Result<Errors> OpenErrors(const Arguments& arguments) {
  Errors errors;
  const char* path = arguments.Value("--errors");
  if (path == nullptr) return errors;
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW;
  errors.file = TRY(sys::Open(AT_FDCWD, path, kFlags, 0, path, 0600));
  return errors;
}

// The directory that is read from. Where it confines itself that is all it sees.
Result<UniqueFd> OpenContext(const Arguments& arguments) {
  const char* path = arguments.Value("--context");
  if (arguments.Has("--inside")) return sys::Open(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
  TRY(ConfineReader(path));
  return sys::Open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
}

Status SetRules(const Arguments& arguments, PackRules* rules) {
  rules->no_times = arguments.Has("--no-times");
  rules->owner = Owner{0, 0};
  const char* owner = arguments.Value("--chown");
  if (owner != nullptr && std::strcmp(owner, "keep") == 0) {
    rules->owner.reset();
  } else if (owner != nullptr) {
    rules->owner = TRY(ParseOwner(owner));
  }
  if (const char* mode = arguments.Value("--chmod")) {
    rules->mode = static_cast<uint32_t>(TRY(ParseNumber(mode, 8, kModeMask, "--chmod")));
  }
  return {};
}

Result<IgnoreList> ReadIgnoreList(int context, const char* path) {
  if (path == nullptr) return IgnoreList();
  Result<std::string> text = ReadFile(context, path, kIgnoreListBytesMax);
  if (!text.ok() && text.failure().error == ENOENT) return IgnoreList();
  return IgnoreList::Parse(TRY(std::move(text)));
}

Status Copy(const Arguments& arguments, CopyRequest request) {
  const UniqueFd context = TRY(OpenContext(arguments));
  UniqueFd image;
  if (const char* path = arguments.Value("--image")) {
    image = TRY(sys::Open(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0));
  }
  const IgnoreList ignored = TRY(ReadIgnoreList(context.get(), arguments.Value("--ignore")));
  request.context = context.get();
  request.image = image.valid() ? image.get() : -1;
  request.rules.ignored = &ignored;
  request.destination = arguments.Value("--to");
  request.sources.assign(arguments.rest().begin(), arguments.rest().end());
  Output output(STDOUT_FILENO);
  TarWriter writer(&output);
  return WriteCopy(request, &writer);
}

Status Cat(const Arguments& arguments, uint64_t bytes_max) {
  const UniqueFd context = TRY(OpenContext(arguments));
  const std::string text = TRY(ReadFile(context.get(), arguments.rest().front(), bytes_max));
  Output output(STDOUT_FILENO);
  TRY(output.Write(text.data(), text.size()));
  return output.Flush();
}

}  // namespace

int RunCopy(int argc, char** argv) {
  Result<Arguments> parsed = Arguments::Parse(
      argc, argv, {"--inside", "--no-times"},
      {"--context", "--to", "--errors", "--image", "--ignore", "--chown", "--chmod"});
  if (!parsed.ok()) return TellUsage(parsed.failure());
  const Arguments arguments = parsed.Take();
  CopyRequest request{};
  const Status rules = SetRules(arguments, &request.rules);
  if (!rules.ok()) return TellUsage(rules.failure());
  if (!arguments.Has("--context") || !arguments.Has("--to") || arguments.rest().empty()) {
    return TellUsage(Refused("takes --context, --to and sources", "copy"));
  }
  // Where it confines itself it sees the context only.
  if (arguments.Has("--image") && !arguments.Has("--inside")) {
    return TellUsage(Refused("takes --inside", "--image"));
  }
  Result<Errors> opened = OpenErrors(arguments);
  if (!opened.ok()) return Tell(opened.failure(), STDERR_FILENO);
  const Errors errors = opened.Take();
  return Tell(Copy(arguments, std::move(request)), errors.fd());
}

int RunCat(int argc, char** argv) {
  Result<Arguments> parsed =
      Arguments::Parse(argc, argv, {"--inside"}, {"--context", "--errors", "--bytes-max"});
  if (!parsed.ok()) return TellUsage(parsed.failure());
  const Arguments arguments = parsed.Take();
  if (!arguments.Has("--context") || arguments.rest().size() != 1) {
    return TellUsage(Refused("takes --context and one path", "cat"));
  }
  uint64_t bytes_max = kCatBytesMax;
  if (const char* text = arguments.Value("--bytes-max")) {
    Result<uint64_t> number = ParseNumber(text, 10, kCatBytesMax * 64, "--bytes-max");
    if (!number.ok()) return TellUsage(number.failure());
    bytes_max = number.Take();
  }
  Result<Errors> opened = OpenErrors(arguments);
  if (!opened.ok()) return Tell(opened.failure(), STDERR_FILENO);
  const Errors errors = opened.Take();
  return Tell(Cat(arguments, bytes_max), errors.fd());
}

}  // namespace sandpiper
