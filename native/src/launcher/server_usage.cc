#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cgroup.h"
#include "server.h"
#include "sys.h"

// How the server tells what running sandboxes use.
namespace sandpiper {
namespace {

constexpr time_t kUsageSeconds = 1;
// A frame is sent when it has this much, which is of some 200 sandboxes.
constexpr size_t kUsageFrameBytes = size_t{32} * 1024;

}  // namespace

Status Server::WatchUsage() {
  usage_timer_.Reset(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!usage_timer_.valid()) return LastFailure("timerfd_create", "usage");
  return Watch(usage_timer_.get(), kOnUsageTimer, EPOLLIN);
}

void Server::SetUsageTimer(bool on) {
  if (usage_timer_on_ == on) return;
  itimerspec interval{};
  interval.it_interval.tv_sec = interval.it_value.tv_sec = on ? kUsageSeconds : 0;
  usage_timer_on_ = timerfd_settime(usage_timer_.get(), 0, &interval, nullptr) == 0 && on;
}

void Server::BeginUsage(Sandbox& sandbox) {
  sandbox.BeginUsage();
  if (sandbox.usage() != nullptr) SetUsageTimer(true);
}

void Server::SendUsage() {
  uint64_t expirations = 0;
  (void)!read(usage_timer_.get(), &expirations, sizeof(expirations));
  bool any = false;
  wire::Writer reply(wire::Reply::kUsage, 0);
  for (const auto& [id, sandbox] : sandboxes_) {
    UsageMeter* usage = sandbox->usage();
    if (usage == nullptr) continue;
    any = true;
    const CgroupSampler& sampler = usage->Sampler(sandbox->cgroups(*world_));
    reply.U32(id).U64(sys::MonotonicNs() - usage->started_ns());
    const IoBytes io = sampler.SumIo();
    reply.U64(io.read).U64(io.written);
    WriteLayer(reply, sandbox->MeasureRoot());
    WriteLayer(reply, sandbox->stage().MeasureWorkspace());
    WriteNetwork(reply, usage);
    sampler.WriteNumbers(reply);
    if (reply.frame().size() < kUsageFrameBytes) continue;
    channel_.Offer(reply);
    reply = wire::Writer(wire::Reply::kUsage, 0);
  }
  if (reply.frame().size() > sizeof(wire::ReplyHeader)) channel_.Offer(reply);
  if (!any) SetUsageTimer(false);
}

void Server::WriteLayer(wire::Writer& reply, const LayerUse& use) {
  reply.U64(use.bytes).U64(use.bytes_max).U64(use.files).U64(use.files_max);
}

void Server::WriteNetwork(wire::Writer& reply, const UsageMeter* usage) {
  constexpr NetworkBytes kNothing{wire::kUnknown, wire::kUnknown};
  const NetworkBytes network = usage == nullptr ? kNothing : usage->MeasureNetwork();
  reply.U64(network.received).U64(network.sent);
}

}  // namespace sandpiper
