#include "request.h"

namespace sandpiper {
namespace {

using wire::Reader;

WritableRequest DecodeWritable(Reader& reader) {
  WritableRequest writable{};
  writable.kind = static_cast<WritableRequest::Kind>(reader.U8());
  writable.mode = reader.U32();
  writable.directory = reader.String();
  writable.bytes = reader.String();
  writable.inodes = reader.String();
  writable.image = reader.String();
  return writable;
}

OverlayRequest DecodeOverlay(Reader& reader) {
  OverlayRequest overlay{};
  overlay.lowers = reader.Items<LowerRequest>([&] {
    const char* path = reader.String();
    return LowerRequest{path, reader.U32()};
  });
  overlay.writable = DecodeWritable(reader);
  return overlay;
}

BindRequest DecodeBind(Reader& reader) {
  BindRequest bind{};
  bind.source = reader.String();
  bind.target = reader.String();
  bind.read_only = reader.U8() != 0;
  bind.id_mapped = reader.U8() != 0;
  return bind;
}

VolumeRequest DecodeVolume(Reader& reader) {
  VolumeRequest volume{};
  volume.name = reader.String();
  volume.target = reader.String();
  volume.read_only = reader.U8() != 0;
  return volume;
}

TmpfsRequest DecodeTmpfs(Reader& reader) {
  TmpfsRequest tmpfs{};
  tmpfs.name = reader.String();
  tmpfs.bytes = reader.String();
  tmpfs.inodes = reader.String();
  return tmpfs;
}

RlimitRequest DecodeRlimit(Reader& reader) {
  RlimitRequest limit{};
  limit.resource = reader.U32();
  limit.soft = reader.U64();
  limit.hard = reader.U64();
  return limit;
}

CgroupRequest DecodeCgroup(Reader& reader) {
  CgroupRequest cgroup{};
  cgroup.directory = reader.String();
  cgroup.unified = reader.U8() != 0;
  cgroup.writes = reader.Items<CgroupWrite>([&] {
    CgroupWrite write{};
    write.file = reader.String();
    write.value = reader.String();
    write.optional = reader.U8() != 0;
    return write;
  });
  cgroup.reads = reader.Items<const char*>([&] { return reader.String(); });
  cgroup.samples = reader.Items<CgroupSample>([&] {
    CgroupSample sample{};
    sample.file = reader.String();
    sample.keys = reader.Items<const char*>([&] { return reader.String(); });
    return sample;
  });
  cgroup.sum_io = reader.U8() != 0;
  return cgroup;
}

// execve takes pointers to non-const char but never writes through them.
List<char*> DecodeStrings(Reader& reader) {
  return reader.Items<char*>([&] { return const_cast<char*>(reader.String()); }, 1);
}

UserRequest DecodeUser(Reader& reader) {
  UserRequest user{};
  user.uid = reader.U32();
  user.gid = reader.U32();
  user.groups = reader.Items<gid_t>([&] { return reader.U32(); });
  return user;
}

ProgramRequest DecodeProgram(Reader& reader) {
  ProgramRequest program{};
  program.argv = DecodeStrings(reader);
  program.env = DecodeStrings(reader);
  program.cwd = reader.String();
  if (reader.U8() != 0) program.user = DecodeUser(reader);
  return program;
}

}  // namespace

std::optional<LayersRequest> DecodeLayers(const std::string& payload, Arena& arena) {
  Reader reader(payload.data(), payload.size(), &arena);
  LayersRequest request{};
  request.count = reader.U32();
  request.layer = DecodeWritable(reader);
  if (!reader.Finished()) return std::nullopt;
  return request;
}

std::optional<StageRequest> DecodeStage(const std::string& payload, Arena& arena) {
  Reader reader(payload.data(), payload.size(), &arena);
  StageRequest request{};
  request.ids_start = reader.U32();
  request.ids_count = reader.U32();
  if (reader.U8() != 0) request.workspace = DecodeOverlay(reader);
  request.volumes = reader.Items<TmpfsRequest>([&] { return DecodeTmpfs(reader); });
  if (!reader.Finished() || request.ids_start == 0 || request.ids_count == 0) return std::nullopt;
  return request;
}

std::optional<StartRequest> DecodeStart(const char* payload, size_t size, Arena& arena) {
  Reader reader(payload, size, &arena);
  StartRequest request{};
  request.stage = reader.U32();
  request.root = DecodeOverlay(reader);
  request.workspace_target = reader.String();
  request.binds = reader.Items<BindRequest>([&] { return DecodeBind(reader); });
  request.volumes = reader.Items<VolumeRequest>([&] { return DecodeVolume(reader); });
  request.tmpfs = reader.Items<TmpfsRequest>([&] { return DecodeTmpfs(reader); });
  request.output_file = reader.String();
  request.program = DecodeProgram(reader);
  request.own_network = reader.U8() != 0;
  request.network = reader.String();
  request.hostname = reader.String();
  request.rlimits = reader.Items<RlimitRequest>([&] { return DecodeRlimit(reader); });
  request.shm_bytes = reader.String();
  request.cgroups = reader.Items<CgroupRequest>([&] { return DecodeCgroup(reader); });
  request.usage = reader.U8() != 0;
  request.usage_interfaces = reader.Items<const char*>([&] { return reader.String(); });
  if (!reader.Finished() || request.program.argv.size() < 2 || request.root.lowers.empty()) {
    return std::nullopt;
  }
  return request;
}

std::optional<ExecRequest> DecodeExec(const std::string& payload, Arena& arena) {
  Reader reader(payload.data(), payload.size(), &arena);
  ExecRequest request{};
  request.sandbox = reader.U32();
  request.program = DecodeProgram(reader);
  if (!reader.Finished() || request.program.argv.size() < 2) return std::nullopt;
  return request;
}

std::optional<WorkspaceRequest> DecodeWorkspace(const std::string& payload, Arena& arena) {
  Reader reader(payload.data(), payload.size(), &arena);
  WorkspaceRequest request{};
  request.stage = reader.U32();
  request.overlay = DecodeOverlay(reader);
  if (!reader.Finished() || request.overlay.lowers.empty()) return std::nullopt;
  return request;
}

std::optional<NetworkRequest> DecodeNetwork(const std::string& payload) {
  Reader reader(payload.data(), payload.size());
  NetworkRequest request{};
  request.stage = reader.U32();
  request.name = reader.String();
  if (!reader.Finished() || *request.name == '\0') return std::nullopt;
  return request;
}

std::optional<ToolRequest> DecodeTool(const std::string& payload, Arena& arena) {
  Reader reader(payload.data(), payload.size(), &arena);
  ToolRequest request{};
  request.stage = reader.U32();
  request.argv = DecodeStrings(reader);
  request.input = reader.String();
  request.networks = reader.Items<const char*>([&] { return reader.String(); });
  request.enters = reader.U8() != 0;
  request.cgroups = reader.Items<CgroupRequest>([&] { return DecodeCgroup(reader); });
  const bool has_network = !request.enters || !request.networks.empty();
  if (!reader.Finished() || request.argv.size() < 2 || !has_network) return std::nullopt;
  return request;
}

}  // namespace sandpiper
