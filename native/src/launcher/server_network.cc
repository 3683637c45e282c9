#include <csignal>

#include "server.h"

// What the server does for the networks of stages, and what is made of a stage after it was
// created.
namespace sandpiper {

Status Server::MountWorkspace(const Frame& frame) {
  Arena arena;
  const std::optional<WorkspaceRequest> request = DecodeWorkspace(frame.payload, arena);
  if (!request) return Malformed();
  const auto stage = stages_.find(request->stage);
  if (stage == stages_.end()) return Failure{ENOENT, "mount workspace of", "stage"};
  return stage->second->MountWorkspace(request->overlay, blanks_.Take(request->overlay.writable));
}

Status Server::AddNetwork(const Frame& frame) {
  const std::optional<NetworkRequest> request = DecodeNetwork(frame.payload);
  if (!request) return Malformed();
  const auto stage = stages_.find(request->stage);
  if (stage == stages_.end()) return Failure{ENOENT, "add network to", "stage"};
  return stage->second->AddNetwork(request->name);
}

Status Server::RunTool(Frame& frame) {
  Arena arena;
  const std::optional<ToolRequest> request = DecodeTool(frame.payload, arena);
  if (!request || frame.fds.size() != 1) return Malformed();
  const auto stage = stages_.find(request->stage);
  if (stage == stages_.end()) return Failure{ENOENT, "run tool for", "stage"};
  const uint32_t id = frame.header.id;
  Tool tool =
      TRY(Tool::Start(*world_, *stage->second, *request, std::move(frame.fds[0]), NextSerial()));
  const auto pid = static_cast<uint32_t>(tool.pid());
  tools_.emplace(id, std::move(tool));
  channel_.Send(wire::Writer(wire::Reply::kStarted, id).U32(pid));
  return {};
}

void Server::KillTools(uint32_t stage) {
  for (const auto& [id, tool] : tools_) {
    if (tool.stage() == stage) tool.Kill();
  }
}

bool Server::ReapedTool(pid_t pid, int status) {
  for (auto& [id, tool] : tools_) {
    if (!tool.Reaped(pid)) continue;
    tool.RemoveCgroups(*world_);
    channel_.Send(wire::Writer(wire::Reply::kEnded, id).U32(static_cast<uint32_t>(status)));
    tools_.erase(id);
    return true;
  }
  return false;
}

}  // namespace sandpiper
