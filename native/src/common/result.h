#pragma once

#include <cerrno>
#include <optional>
#include <utility>

namespace sandpiper {

// A system call that failed: which one, on what, and with which errno. Holds borrowed pointers and
// never allocates, because it is also made between clone and exec.
struct Failure {
  int error;
  const char* call;
  const char* object;
};

// The failure of the call that has just set errno.
inline Failure LastFailure(const char* call, const char* object) { return {errno, call, object}; }

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}   // NOLINT(*-explicit-*)
  Result(Failure failure) : failure_(failure) {}  // NOLINT(*-explicit-*)
  [[nodiscard]] bool ok() const { return value_.has_value(); }
  [[nodiscard]] const Failure& failure() const { return failure_; }
  T Take() { return std::move(*value_); }

 private:
  std::optional<T> value_;
  Failure failure_{};
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Failure failure) : failed_(true), failure_(failure) {}  // NOLINT(*-explicit-*)
  [[nodiscard]] bool ok() const { return !failed_; }
  [[nodiscard]] const Failure& failure() const { return failure_; }
  void Take() {}

 private:
  bool failed_ = false;
  Failure failure_{};
};

using Status = Result<void>;

}  // namespace sandpiper

// The value of a Result, or return its failure from the enclosing function.
#define TRY(expression)                                \
  ({                                                   \
    auto try_result = (expression);                    \
    if (!try_result.ok()) return try_result.failure(); \
    try_result.Take();                                 \
  })
