#include "arguments.h"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "problem.h"

namespace sandpiper {
namespace {

bool IsOneOf(const char* name, std::initializer_list<const char*> names) {
  for (const char* known : names) {
    if (std::strcmp(known, name) == 0) return true;
  }
  return false;
}

}  // namespace

Result<Arguments> Arguments::Parse(int argc, char** argv, std::initializer_list<const char*> flags,
                                   std::initializer_list<const char*> values) {
  Arguments arguments;
  int at = 0;
  for (; at < argc && std::strncmp(argv[at], "--", 2) == 0; at++) {
    const char* name = argv[at];
    if (std::strcmp(name, "--") == 0) {
      at++;
      break;
    }
    const bool has_value = IsOneOf(name, values);
    if (!has_value && !IsOneOf(name, flags)) return Refused("is no option here", name);
    if (has_value && at + 1 >= argc) return Refused("needs a value", name);
    arguments.options_.emplace_back(name, has_value ? argv[++at] : "");
  }
  for (; at < argc; at++) arguments.rest_.push_back(argv[at]);
  return arguments;
}

const char* Arguments::Value(const char* name) const {
  const char* found = nullptr;
  for (const auto& [option, value] : options_) {
    if (option == name) found = value;
  }
  return found;
}

Result<uint64_t> ParseNumber(const char* text, int base, uint64_t max, const char* option) {
  char* end = nullptr;
  errno = 0;
  const bool is_digit = *text >= '0' && *text <= '9';
  const uint64_t number = std::strtoull(text, &end, base);
  if (!is_digit || *end != '\0' || errno != 0 || number > max) {
    return Refused("has a value that is no number it can have", option);
  }
  return number;
}

}  // namespace sandpiper
