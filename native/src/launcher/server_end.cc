#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "cgroup.h"
#include "server.h"

// What the server tells of a sandbox that has ended, or that failed.
namespace sandpiper {
namespace {

// What follows about the output file: nothing, its content, or why that could not be read.
constexpr uint32_t kNoOutput = 0;
constexpr uint32_t kOutput = 1;
constexpr uint32_t kOutputFailure = 2;

}  // namespace

void Server::SendEnd(uint32_t id, Sandbox* sandbox) {
  const Sandbox::End end = sandbox == nullptr ? Sandbox::End{} : sandbox->end();
  wire::Writer reply(wire::Reply::kExited, id);
  const bool ended = end.by_init && end.report.kind == Report::Kind::kEnded;
  reply.U32(ended ? 1 : 0).U32(ended ? static_cast<uint32_t>(end.report.wait_status) : 0);
  reply.U64(ended ? end.report.ended_ns - end.report.started_ns : 0).U64(end.cpu_us);
  reply.U64(end.read_bytes).U64(end.written_bytes);
  if (sandbox == nullptr) {
    WriteLayer(reply, {});
    WriteLayer(reply, {});
    reply.U32(0).U32(0).U32(0);
    WriteNetwork(reply, nullptr);
  } else {
    WriteLayer(reply, sandbox->MeasureRoot());
    WriteLayer(reply, sandbox->stage().MeasureWorkspace());
    reply.U32(sandbox->HasRootLostWrites() ? 1 : 0);
    reply.U32(sandbox->stage().HasWorkspaceLostWrites() ? 1 : 0);
    const std::vector<std::string> contents = ReadCgroups(sandbox->cgroups(*world_));
    reply.U32(static_cast<uint32_t>(contents.size()));
    for (const std::string& content : contents) reply.String(content);
    WriteNetwork(reply, sandbox->usage());
  }
  WriteOutput(reply, sandbox);
  channel_.Send(reply);
}

void Server::SendCleaned(uint32_t id, bool cgroups_removed, const char* cgroup_name) {
  channel_.Send(wire::Writer(wire::Reply::kCleaned, id)
                    .U32(cgroups_removed ? 1 : 0)
                    .String(cgroup_name, std::strlen(cgroup_name)));
}

void Server::SendFailure(uint32_t id, const Failure& failure) {
  wire::Writer reply(wire::Reply::kFailed, id);
  WriteFailure(reply, failure);
  channel_.Send(reply);
}

void Server::WriteFailure(wire::Writer& reply, const Failure& failure) {
  reply.U32(static_cast<uint32_t>(failure.error))
      .String(failure.call, std::strlen(failure.call))
      .String(failure.object, std::strlen(failure.object));
}

void Server::WriteOutput(wire::Writer& reply, Sandbox* sandbox) {
  std::optional<Result<std::string>> output;
  if (sandbox != nullptr) output = sandbox->TakeOutput();
  if (!output) {
    reply.U32(kNoOutput);
  } else if (output->ok()) {
    reply.U32(kOutput).String(output->Take());
  } else {
    reply.U32(kOutputFailure);
    WriteFailure(reply, output->failure());
  }
}

}  // namespace sandpiper
