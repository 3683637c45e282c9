#include "server.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <csignal>

#include "sys.h"

namespace sandpiper {
namespace {

// Longest that the end of all sandboxes may take once the runner has gone.
constexpr unsigned kShutDownSecondsMax = 30;

// A program that starts has the CPUs for itself this long: only then are spares made again.
constexpr uint64_t kUndisturbedNs = 5'000'000;

// Of the outputs of a start: the second, or the only one once more.
Result<UniqueFd> TakeErrors(std::vector<UniqueFd>* outputs) {
  if (outputs->size() > 1) return std::move(outputs->back());
  UniqueFd same(fcntl(outputs->front().get(), F_DUPFD_CLOEXEC, 0));
  if (!same.valid()) return LastFailure("fcntl F_DUPFD_CLOEXEC", "output");
  return same;
}

}  // namespace

int Server::Run() {
  epoll_.Reset(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid() || !Watch(channel_.fd(), kOnRequest, EPOLLIN).ok()) return 1;
  if (!WatchChildren().ok() || !WatchUsage().ok()) return 1;
  while (!ending_ || HasWork()) {
    if (!Turn()) return 1;
  }
  janitor_.Stop();
  // Last: to unmount them takes time, and everything else has ended by now.
  blanks_.DropAll();
  return 0;
}

bool Server::HasWork() const {
  return !sandboxes_.empty() || !tools_.empty() || !spares_.empty() || janitor_.busy();
}

bool Server::Turn() {
  epoll_event events[64];
  const int count = epoll_wait(epoll_.get(), events, 64, TurnMs());
  if (count < 0 && errno != EINTR) return false;
  for (int i = 0; i < count; i++) OnEvent(events[i].data.u64, events[i].events);
  // Only when there is nothing else to do.
  if (count == 0 && TurnMs() == 0 && !more_children_) MakeReady();
  if (more_children_) more_children_ = ReapChildren();
  AnswerReady();
  return true;
}

int Server::TurnMs() const {
  if (more_children_) return 0;
  if (ending_ || !IsLacking()) return -1;
  const uint64_t now = sys::MonotonicNs();
  const uint64_t from = last_start_ns_ + kUndisturbedNs;
  // Rounded up: it is due when the wait is over.
  return now >= from ? 0 : static_cast<int>((from - now) / 1'000'000 + 1);
}

void Server::MakeReady() {
  if (spares_.IsLacking()) return PrepareSpare();
  blanks_.MakeOne(janitor_);
}

void Server::PrepareSpare() {
  const uint32_t serial = NextSerial();
  const Sandbox* spare = spares_.PrepareOne(supplies(), serial);
  if (spare == nullptr) return;
  // Not to be told: it counts as ready at once.
  if (!Watch(spare->channel(), kOnSpare | serial, EPOLLIN | EPOLLONESHOT).ok()) {
    spares_.HasReported(serial);
  }
}

void Server::AnswerReady() {
  for (const std::vector<uint32_t>& answered : {spares_.TakeAnswered(), blanks_.TakeAnswered()}) {
    for (const uint32_t request : answered) channel_.Send({wire::Reply::kDone, request});
  }
}

void Server::OnEvent(uint64_t data, uint32_t events) {
  const auto id = static_cast<uint32_t>(data);
  const uint64_t kind = data - id;
  if (kind == kOnRequest) ReadRequests();
  if (kind == kOnReport) OnReport(id, (events & EPOLLHUP) != 0);
  if (kind == kOnChildren) more_children_ = true;
  if (kind == kOnProgramEnd) OnProgramEnd(id);
  if (kind == kOnUsageTimer) SendUsage();
  if (kind == kOnJanitor) OnJanitor();
  if (kind == kOnSpare) spares_.HasReported(id);
}

void Server::ReadRequests() {
  while (!ending_) {
    Frame frame;
    switch (channel_.Receive(&frame)) {
      case Channel::Got::kNothing:
        return;
      case Channel::Got::kEnd:
        ShutDown();
        return;
      case Channel::Got::kFrame:
        Handle(std::move(frame));
    }
  }
}

void Server::Handle(Frame frame) {
  const uint32_t id = frame.header.id;
  if (frame.header.type == wire::Request::kSignal) return Signal(frame);
  const Status status = Dispatch(frame);
  const bool is_start = frame.header.type == wire::Request::kStart;
  const bool is_exec =
      frame.header.type == wire::Request::kExec || frame.header.type == wire::Request::kRunTool;
  if (!status.ok()) SendFailure(id, status.failure());
  // A start is answered when the program runs, and each has its end told, also when it failed. What
  // is prepared is answered when it is.
  const bool is_prepare = frame.header.type == wire::Request::kPrepare ||
                          frame.header.type == wire::Request::kKeepLayers;
  const bool is_answered = is_start || is_exec || is_prepare || destroys_.contains(id);
  if (!is_answered && status.ok()) channel_.Send({wire::Reply::kDone, id});
  if (is_start && !status.ok()) {
    SendEnd(id, nullptr);
    SendCleaned(id, true, "");
  }
}

Status Server::Dispatch(Frame& frame) {
  if (frame.header.type != wire::Request::kConfigure && !world_) return Malformed();
  switch (frame.header.type) {
    case wire::Request::kConfigure:
      return Configure(frame);
    case wire::Request::kCreateStage:
      return CreateStage(frame);
    case wire::Request::kDestroyStage:
      return DestroyStage(frame);
    case wire::Request::kPrepare:
      return Prepare(frame);
    case wire::Request::kKeepLayers:
      return KeepLayers(frame);
    case wire::Request::kStart:
      return Start(frame);
    case wire::Request::kExec:
      return Exec(frame);
    case wire::Request::kMountWorkspace:
      return MountWorkspace(frame);
    case wire::Request::kAddNetwork:
      return AddNetwork(frame);
    case wire::Request::kRunTool:
      return RunTool(frame);
    case wire::Request::kSignal:
      break;
  }
  return Malformed();
}

Status Server::Configure(Frame& frame) {
  if (world_) return Malformed();
  world_ = TRY(EnterWorld());
  TRY(janitor_.Start(*world_));
  TRY(Watch(janitor_.fd(), kOnJanitor, EPOLLIN));
  seccomp_filter_ = std::move(frame.payload);
  return {};
}

Status Server::CreateStage(const Frame& frame) {
  Arena arena;
  const std::optional<StageRequest> request = DecodeStage(frame.payload, arena);
  if (!request) return Malformed();
  stages_[frame.header.id] = TRY(Stage::Create(*world_, frame.header.id, *request));
  return {};
}

Status Server::DestroyStage(const Frame& frame) {
  wire::Reader reader(frame.payload.data(), frame.payload.size());
  const uint32_t id = reader.U32();
  const auto found = stages_.find(id);
  if (found == stages_.end()) return Failure{ENOENT, "destroy", "stage"};
  if (found->second->sandboxes > 0)
    return Failure{EBUSY, "destroy", "stage with running sandboxes"};
  KillTools(id);
  spares_.Drop(id);
  TRY(found->second->Unmount());
  // Answered when they are reaped.
  if (spares_.HasDropped(id)) destroys_[frame.header.id] = id;
  stages_.erase(found);
  return {};
}

Status Server::Prepare(const Frame& frame) {
  wire::Reader reader(frame.payload.data(), frame.payload.size());
  const uint32_t count = reader.U32();
  std::shared_ptr<const Order> shape =
      reader.ok() ? Order::Decode(frame.payload.substr(sizeof(count))) : nullptr;
  if (!shape) return Malformed();
  const auto stage = stages_.find(shape->request.stage);
  if (stage == stages_.end()) return Failure{ENOENT, "prepare", "stage"};
  spares_.Keep(stage->first, *stage->second, std::move(shape), count, frame.header.id);
  return {};
}

Status Server::KeepLayers(const Frame& frame) {
  Arena arena;
  const std::optional<LayersRequest> request = DecodeLayers(frame.payload, arena);
  if (!request || request->layer.kind != WritableRequest::Kind::kImage) return Malformed();
  blanks_.Keep(request->layer, request->count, frame.header.id);
  return {};
}

Status Server::Start(Frame& frame) {
  std::shared_ptr<const Order> order = Order::Decode(std::move(frame.payload));
  current_order_ = order;
  if (!order || frame.fds.empty() || frame.fds.size() > 2) return Malformed();
  const auto stage = stages_.find(order->request.stage);
  if (stage == stages_.end()) return Failure{ENOENT, "start", "stage"};
  UniqueFd errors = TRY(TakeErrors(&frame.fds));
  last_start_ns_ = sys::MonotonicNs();
  std::unique_ptr<Sandbox> made = spares_.Take(*stage->second, order->request);
  const bool is_spare = made != nullptr;
  if (!is_spare) {
    made = TRY(Sandbox::Prepare(supplies(), *stage->second, order, NextSerial()));
  }
  const uint32_t id = frame.header.id;
  Sandbox& sandbox = *made;
  sandbox.Take(std::move(order), std::move(frame.fds[0]), std::move(errors));
  sandboxes_[id] = std::move(made);
  // A spare is watched already, unless that failed.
  if (is_spare) (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, sandbox.channel(), nullptr);
  const Status watched = Watch(sandbox.channel(), kOnReport | id, EPOLLIN);
  if (!watched.ok()) {
    FailStart(id, sandbox, watched.failure());
  } else if (sandbox.is_prepared()) {
    Begin(id, sandbox);
  }
  OnReport(id, false);
  return {};
}

void Server::Signal(const Frame& frame) {
  wire::Reader reader(frame.payload.data(), frame.payload.size());
  const uint32_t signal = reader.U32();
  const auto found = sandboxes_.find(frame.header.id);
  if (found != sandboxes_.end()) SignalSandbox(*found->second, static_cast<int>(signal));
  const auto tool = tools_.find(frame.header.id);
  if (tool != tools_.end()) tool->second.Kill();
  const auto execution = executions_.find(frame.header.id);
  if (execution == executions_.end()) return;
  if (signal == SIGKILL) return KillExecution(execution->first, *execution->second);
  execution->second->program().Signal(static_cast<int>(signal));
}

void Server::SignalSandbox(Sandbox& sandbox, int signal) {
  sandbox.Signal(signal);
  if (signal == SIGKILL) KillHelpers(sandbox);
}

// Goes on with the start, until the runner was told whether the program runs. What is reported
// later is read when the init has ended.
void Server::OnReport(uint32_t id, bool is_last) {
  const auto found = sandboxes_.find(id);
  if (found == sandboxes_.end() || found->second->answered) return;
  Sandbox& sandbox = *found->second;
  Report report{};
  while (!sandbox.answered && sandbox.NextReport(&report)) OnStartReport(id, sandbox, report);
  // Without an answer it was killed before it could tell, which its end says.
  if (sandbox.answered || is_last) {
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, sandbox.channel(), nullptr);
  }
}

void Server::OnStartReport(uint32_t id, Sandbox& sandbox, Report& report) {
  if (report.kind == Report::Kind::kPrepared) return Begin(id, sandbox);
  if (report.kind == Report::Kind::kFailed) {
    SendFailure(id, FailureOf(report));
  } else {
    const auto pid = static_cast<uint32_t>(sandbox.pid());
    channel_.Send(wire::Writer(wire::Reply::kStarted, id).U32(pid));
    BeginUsage(sandbox);
  }
  sandbox.answered = true;
}

void Server::Begin(uint32_t id, Sandbox& sandbox) {
  const Status begun = sandbox.Begin(*world_);
  if (!begun.ok()) FailStart(id, sandbox, begun.failure());
}

// Its end is told as that of any other, when it is reaped.
void Server::FailStart(uint32_t id, Sandbox& sandbox, const Failure& failure) {
  SendFailure(id, failure);
  SignalSandbox(sandbox, SIGKILL);
  sandbox.answered = true;
  (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, sandbox.channel(), nullptr);
}

void Server::OnInitEnd(uint32_t id) {
  OnReport(id, true);
  Sandbox& sandbox = *sandboxes_[id];
  if (sandbox.executions > 0) return KillHelpers(sandbox);
  FinishSandbox(id);
}

void Server::FinishSandbox(uint32_t id) {
  const std::unique_ptr<Sandbox> sandbox = std::move(sandboxes_[id]);
  sandboxes_.erase(id);
  SendEnd(id, sandbox.get());
  cleaning_[id] = sandbox->cgroup_name();
  bool all = false;
  if (!janitor_.Clean(id, *sandbox, *world_, &all)) OnCleaned(id, all);
}

void Server::OnCleaned(uint32_t id, bool all) {
  SendCleaned(id, all, cleaning_[id].c_str());
  cleaning_.erase(id);
}

void Server::OnJanitor() {
  Janitor::Done done{};
  while (janitor_.Next(&done)) {
    if (done.kind == Janitor::Done::Kind::kCleaned) {
      OnCleaned(done.id, done.all);
    } else {
      blanks_.Made(done.id, std::move(done.image));
    }
  }
}

void Server::OnJanitorEnd() {
  uint32_t id = 0;
  bool all = false;
  OnJanitor();
  blanks_.GiveUp();
  while (janitor_.DoAbandoned(*world_, &id, &all)) OnCleaned(id, all);
}

Status Server::Watch(int fd, uint64_t key, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = key;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) < 0) return LastFailure("epoll_ctl", "fd");
  return {};
}

void Server::ShutDown() {
  ending_ = true;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, channel_.fd(), nullptr);
  for (const auto& [id, sandbox] : sandboxes_) SignalSandbox(*sandbox, SIGKILL);
  for (const auto& [id, stage] : stages_) spares_.Drop(id);
  for (const auto& [id, tool] : tools_) tool.Kill();
  // The default action ends the launcher, and that every init.
  alarm(kShutDownSecondsMax);
}

}  // namespace sandpiper
