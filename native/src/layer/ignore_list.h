#pragma once

#include <string>
#include <vector>

#include "pattern.h"
#include "result.h"

namespace sandpiper {

// A .dockerignore: patterns of paths below the context, one a line. Of those that match a path or a
// directory on it the last one counts, and with `!` it takes the path in again
// (https://docs.docker.com/build/concepts/context/#dockerignore-files).
class IgnoreList {
 public:
  static Result<IgnoreList> Parse(const std::string& text);

  // `path` is clean and has no slash in front.
  [[nodiscard]] bool Ignores(const std::string& path) const;
  // Whether there can be something in a directory that is left out itself.
  [[nodiscard]] bool has_exceptions() const { return has_exceptions_; }

 private:
  struct Rule {
    Pattern pattern;
    bool is_exception;
  };

  std::vector<Rule> rules_;
  bool has_exceptions_ = false;
};

// A path without empty names, `.` and `..`, as if the root were its beginning; no slash in front or
// at the end. "" is the root.
std::string CleanPath(const std::string& path);

}  // namespace sandpiper
