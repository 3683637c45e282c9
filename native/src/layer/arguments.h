#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "result.h"

namespace sandpiper {

// A command line: options, in any order, then what is left.
class Arguments {
 public:
  // `flags` have no value, `values` have one, as the next argument. `--` ends the options.
  static Result<Arguments> Parse(int argc, char** argv, std::initializer_list<const char*> flags,
                                 std::initializer_list<const char*> values);

  [[nodiscard]] bool Has(const char* name) const { return Value(name) != nullptr; }
  // Null when it was not given; of several the last.
  [[nodiscard]] const char* Value(const char* name) const;
  [[nodiscard]] const std::vector<const char*>& rest() const { return rest_; }

 private:
  std::vector<std::pair<std::string, const char*>> options_;
  std::vector<const char*> rest_;
};

// A whole number in `base` of at most `max`.
Result<uint64_t> ParseNumber(const char* text, int base, uint64_t max, const char* option);

}  // namespace sandpiper
