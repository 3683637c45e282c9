#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "result.h"

namespace sandpiper {

// A glob as Go's filepath.Match has it, and Docker's .dockerignore with `**` besides: `*` any
// characters but slashes, `?` one, `[a-c^]` one of them or, with `^` first, none of them, `\` takes
// the next character as it is. `**` any characters with slashes; `**/` any directories, or none.
// Characters are those of UTF-8; a byte that is part of none counts as one.
class Pattern {
 public:
  // `text` is refused when it is none; with `dirs`, `**` means what it means in a .dockerignore.
  static Result<Pattern> Parse(const std::string& text, bool dirs);

  [[nodiscard]] bool Matches(const std::string& path) const { return Run(path, false); }
  // Whether it matches the path or a directory that is on it.
  [[nodiscard]] bool MatchesOrAbove(const std::string& path) const { return Run(path, true); }

 private:
  struct Step {
    // Those from kStar on can take nothing.
    enum class Kind { kCharacter, kAny, kClass, kStar, kDirs, kAll } kind = Kind::kCharacter;
    uint32_t character = 0;
    bool negated = false;
    std::vector<std::pair<uint32_t, uint32_t>> ranges;
  };
  class Parser;
  class Places;

  [[nodiscard]] bool Run(const std::string& path, bool above) const;
  [[nodiscard]] static bool Takes(const Step& step, uint32_t character);

  std::vector<Step> steps_;
};

// Whether it has characters that mean something in a pattern.
bool IsPattern(const std::string& text);

}  // namespace sandpiper
