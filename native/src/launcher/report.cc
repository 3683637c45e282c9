#include "report.h"

#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <ctime>

namespace sandpiper {
namespace {

constexpr int kAttemptsMax = 100;
constexpr timespec kPause{0, 10'000'000};

template <size_t N>
void CopyText(char (&to)[N], const char* from) {
  size_t i = 0;
  for (; i < N - 1 && from[i] != '\0'; i++) to[i] = from[i];
  to[i] = '\0';
}

}  // namespace

Report FailureReport(const Failure& failure) {
  Report report{};
  report.kind = Report::Kind::kFailed;
  report.error = failure.error;
  CopyText(report.call, failure.call);
  CopyText(report.object, failure.object);
  return report;
}

Failure FailureOf(Report& report) {
  report.call[sizeof(report.call) - 1] = '\0';
  report.object[sizeof(report.object) - 1] = '\0';
  return {report.error, report.call, report.object};
}

Status SendReport(int pipe, const Report& report) {
  for (int attempt = 0; attempt < kAttemptsMax; attempt++) {
    if (write(pipe, &report, sizeof(report)) >= 0) return {};
    if (errno == EINTR) continue;
    if (errno != ENOMEM) break;
    (void)nanosleep(&kPause, nullptr);
  }
  return LastFailure("write", "report");
}

bool ReceiveReport(int pipe, Report* report) {
  ssize_t got = 0;
  do {
    got = read(pipe, report, sizeof(*report));
  } while (got < 0 && errno == EINTR);
  return got == static_cast<ssize_t>(sizeof(*report));
}

}  // namespace sandpiper
