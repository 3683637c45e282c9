#include "pattern.h"

#include <string_view>

#include "problem.h"

namespace sandpiper {
namespace {

// Bytes that are no UTF-8 stay apart from its characters.
constexpr uint32_t kByteFrom = 0x8000'0000;

size_t SequenceSize(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  if (first >= 0xF0 && first < 0xF5) return 4;
  return 0;
}

// Takes the first character off.
uint32_t TakeCharacter(std::string_view* text) {
  const auto first = static_cast<unsigned char>(text->front());
  const size_t size = SequenceSize(first);
  uint32_t character = size <= 1 ? first : first & (0x7FU >> size);
  bool valid = size > 0 && size <= text->size();
  for (size_t i = 1; valid && i < size; i++) {
    const auto byte = static_cast<unsigned char>((*text)[i]);
    valid = (byte & 0xC0) == 0x80;
    character = (character << 6) | (byte & 0x3FU);
  }
  text->remove_prefix(valid ? size : 1);
  return valid ? character : kByteFrom + first;
}

constexpr char kBad[] = "is no pattern";

}  // namespace

class Pattern::Parser {
 public:
  Parser(std::string_view text, bool dirs) : left_(text), dirs_(dirs) {}

  // False when it is no pattern.
  bool Parse(std::vector<Step>* steps) {
    while (!left_.empty()) {
      Step step;
      if (!ParseStep(&step)) return false;
      steps->push_back(std::move(step));
    }
    return true;
  }

 private:
  bool ParseStep(Step* step) {
    const uint32_t character = TakeCharacter(&left_);
    if (character == '[') return ParseClass(step);
    if (character == '*') {
      step->kind = Star();
    } else if (character == '?') {
      step->kind = Step::Kind::kAny;
    } else {
      if (character == '\\' && left_.empty()) return false;
      step->character = character == '\\' ? TakeCharacter(&left_) : character;
    }
    return true;
  }

  Step::Kind Star() {
    if (!dirs_ || !Take('*')) return Step::Kind::kStar;
    while (Take('*')) {
    }
    (void)Take('/');
    return left_.empty() ? Step::Kind::kAll : Step::Kind::kDirs;
  }

  bool ParseClass(Step* step) {
    step->kind = Step::Kind::kClass;
    step->negated = Take('^');
    do {
      uint32_t from = 0;
      if (!ParseBound(&from)) return false;
      uint32_t to = from;
      if (Take('-') && !ParseBound(&to)) return false;
      step->ranges.emplace_back(from, to);
    } while (!Take(']'));
    return true;
  }

  bool ParseBound(uint32_t* bound) {
    if (left_.empty() || left_.front() == '-' || left_.front() == ']') return false;
    *bound = TakeCharacter(&left_);
    if (*bound != '\\') return true;
    if (left_.empty()) return false;
    *bound = TakeCharacter(&left_);
    return true;
  }

  bool Take(char character) {
    if (left_.empty() || left_.front() != character) return false;
    left_.remove_prefix(1);
    return true;
  }

  std::string_view left_;
  bool dirs_;
};

// All the steps of a pattern that a path can be at.
class Pattern::Places {
 public:
  explicit Places(const std::vector<Step>& steps)
      : steps_(steps), at_(steps.size() + 1), within_(steps.size() + 1) {
    at_[0] = true;
    SkipEmpty();
  }

  [[nodiscard]] bool at_end() const { return at_.back(); }

  void Advance(uint32_t character) {
    std::vector<bool> next(at_.size());
    for (size_t i = 0; i < steps_.size(); i++) {
      const Step& step = steps_[i];
      if (step.kind == Step::Kind::kDirs) {
        if (within_[i] && character == '/') next[i + 1] = true;
      } else if (at_[i] && Takes(step, character)) {
        const bool stays = step.kind == Step::Kind::kStar || step.kind == Step::Kind::kAll;
        next[stays ? i : i + 1] = true;
      }
    }
    at_ = next;
    SkipEmpty();
  }

 private:
  // Steps that need not take anything.
  void SkipEmpty() {
    for (size_t i = 0; i < steps_.size(); i++) {
      if (!at_[i]) continue;
      const Step::Kind kind = steps_[i].kind;
      if (kind == Step::Kind::kDirs) within_[i] = true;
      if (kind >= Step::Kind::kStar) at_[i + 1] = true;
    }
  }

  const std::vector<Step>& steps_;
  std::vector<bool> at_;
  // In the directories that a kDirs takes, which end at any slash.
  std::vector<bool> within_;
};

Result<Pattern> Pattern::Parse(const std::string& text, bool dirs) {
  Pattern pattern;
  if (!Parser(text, dirs).Parse(&pattern.steps_)) return Refused(kBad, text);
  return pattern;
}

bool Pattern::Takes(const Step& step, uint32_t character) {
  using Kind = Step::Kind;
  if (step.kind == Kind::kCharacter) return step.character == character;
  if (step.kind == Kind::kAll) return true;
  if (character == '/') return false;
  if (step.kind != Kind::kClass) return true;
  bool in_range = false;
  for (const auto& [from, to] : step.ranges) {
    in_range = in_range || (character >= from && character <= to);
  }
  return in_range != step.negated;
}

// Goes through the path once: however many stars there are, it takes no longer than the two sizes
// multiplied.
bool Pattern::Run(const std::string& path, bool above) const {
  Places places(steps_);
  for (std::string_view left = path; !left.empty();) {
    if (above && left.front() == '/' && places.at_end()) return true;
    places.Advance(TakeCharacter(&left));
  }
  return places.at_end();
}

bool IsPattern(const std::string& text) { return text.find_first_of("*?[\\") != std::string::npos; }

}  // namespace sandpiper
