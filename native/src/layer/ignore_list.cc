#include "ignore_list.h"

#include <string_view>

#include "problem.h"

namespace sandpiper {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const size_t from = text.find_first_not_of(kSpace);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kSpace) - from + 1);
}

}  // namespace

Result<IgnoreList> IgnoreList::Parse(const std::string& text) {
  IgnoreList list;
  std::string_view left = text;
  if (left.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    left.remove_prefix(kByteOrderMark.size());
  }
  while (!left.empty()) {
    const size_t size = std::min(left.find('\n'), left.size());
    std::string_view line = left.substr(0, size);
    left.remove_prefix(std::min(size + 1, left.size()));
    if (!line.empty() && line.front() == '#') continue;
    line = Trim(line);
    if (line.empty()) continue;
    const bool is_exception = line.front() == '!';
    if (is_exception) line = Trim(line.substr(1));
    if (line.empty()) return Refused("is no pattern", "!");
    const std::string cleaned = CleanPath(std::string(line));
    // The context itself is not in question.
    if (cleaned.empty()) continue;
    list.rules_.push_back({TRY(Pattern::Parse(cleaned, true)), is_exception});
    list.has_exceptions_ = list.has_exceptions_ || is_exception;
  }
  return list;
}

bool IgnoreList::Ignores(const std::string& path) const {
  bool ignored = false;
  for (const Rule& rule : rules_) {
    // It would change nothing.
    if (rule.is_exception != ignored) continue;
    if (rule.pattern.MatchesOrAbove(path)) ignored = !rule.is_exception;
  }
  return ignored;
}

std::string CleanPath(const std::string& path) {
  std::vector<std::string_view> names;
  for (std::string_view left = path; !left.empty();) {
    const size_t size = std::min(left.find('/'), left.size());
    const std::string_view name = left.substr(0, size);
    left.remove_prefix(std::min(size + 1, left.size()));
    if (name == "..") {
      if (!names.empty()) names.pop_back();
    } else if (!name.empty() && name != ".") {
      names.push_back(name);
    }
  }
  std::string clean;
  for (const std::string_view name : names) {
    if (!clean.empty()) clean += '/';
    clean += name;
  }
  return clean;
}

}  // namespace sandpiper
