#include "report.h"

#include <sys/socket.h>
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

constexpr size_t kMountsMax = 3;

struct Control {
  alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int) * kMountsMax)];
};

// With the same number of bytes as any other.
void Point(msghdr* message, iovec* part, Report* report, Control* control) {
  *part = {report, sizeof(*report)};
  message->msg_iov = part;
  message->msg_iovlen = 1;
  message->msg_control = control->bytes;
  message->msg_controllen = sizeof(control->bytes);
}

void TakeMounts(msghdr* message, PreparedMounts* mounts) {
  const cmsghdr* rights = CMSG_FIRSTHDR(message);
  if (rights == nullptr || rights->cmsg_type != SCM_RIGHTS) return;
  int fds[kMountsMax] = {-1, -1, -1};
  std::memcpy(fds, CMSG_DATA(rights), rights->cmsg_len - CMSG_LEN(0));
  *mounts = {fds[0], fds[1], fds[2]};
}

}  // namespace

Status SendMounts(int channel, const PreparedMounts& mounts) {
  Report report{};
  report.kind = Report::Kind::kPrepared;
  Control control{};
  msghdr message{};
  iovec part{};
  Point(&message, &part, &report, &control);
  const int fds[kMountsMax] = {mounts.mount_namespace, mounts.root, mounts.layer};
  const size_t size = sizeof(int) * (mounts.layer < 0 ? kMountsMax - 1 : kMountsMax);
  message.msg_controllen = CMSG_SPACE(size);
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(size);
  std::memcpy(CMSG_DATA(rights), fds, size);
  ssize_t sent = 0;
  do {
    sent = sendmsg(channel, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return LastFailure("sendmsg", "launcher");
  return {};
}

bool NextReport(int channel, Report* report, PreparedMounts* mounts) {
  Control control{};
  msghdr message{};
  iovec part{};
  Point(&message, &part, report, &control);
  ssize_t got = 0;
  do {
    got = recvmsg(channel, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (got < 0 && errno == EINTR);
  if (got > 0) TakeMounts(&message, mounts);
  return got == static_cast<ssize_t>(sizeof(*report));
}

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
