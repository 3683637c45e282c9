#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "arena.h"
#include "wire.h"

// What the runner asks for, decoded. Strings point into the payload and lists into the arena, which
// the owner of the request keeps for as long as the request.
namespace sandpiper {

struct LowerRequest {
  const char* path;
  uint32_t owner;
};

// Where what is written to an overlay goes.
struct WritableRequest {
  enum class Kind : uint8_t { kDirectory = 1, kMemory = 2, kImage = 3 };

  Kind kind;
  // Permission bits of the overlay's root.
  mode_t mode;
  // kDirectory: host path of an empty directory that holds it. kImage: of one on the file system
  // that holds the image.
  const char* directory;
  // kMemory: most bytes and most files, as decimal text.
  const char* bytes;
  const char* inodes;
  // kImage: host path of a file with an empty file system, of which a copy is made.
  const char* image;
};

struct OverlayRequest {
  List<LowerRequest> lowers;
  WritableRequest writable;
};

struct TmpfsRequest {
  // Where it is mounted in a sandbox, or a volume's name.
  const char* name;
  // Most bytes and most files, as decimal text.
  const char* bytes;
  const char* inodes;
};

struct StageRequest {
  uint32_t ids_start;
  uint32_t ids_count;
  std::optional<OverlayRequest> workspace;
  List<TmpfsRequest> volumes;
};

struct VolumeRequest {
  const char* name;
  const char* target;
  bool read_only;
};

struct BindRequest {
  const char* source;
  const char* target;
  bool read_only;
  bool id_mapped;
};

struct RlimitRequest {
  uint32_t resource;
  rlim_t soft;
  rlim_t hard;
};

struct CgroupWrite {
  const char* file;
  const char* value;
  // The host need not have the file.
  bool optional;
};

// Numbers in a file: each follows its key, which is "" for a file that is one number.
struct CgroupSample {
  const char* file;
  List<const char*> keys;
};

struct CgroupRequest {
  const char* directory;
  // Of cgroup version 2.
  bool unified;
  List<CgroupWrite> writes;
  // Files whose content is sent back when the sandbox has ended.
  List<const char*> reads;
  // What is sent about every second while it runs, when usage is asked for.
  List<CgroupSample> samples;
  // Whether the bytes that its processes read and write are added up for that.
  bool sum_io;
};

// Ids inside the sandbox.
struct UserRequest {
  uint32_t uid;
  uint32_t gid;
  List<gid_t> groups;
};

struct ProgramRequest {
  // Both end with a null pointer, as execve wants them.
  List<char*> argv;
  List<char*> env;
  const char* cwd;
  // Nothing: root.
  std::optional<UserRequest> user;
};

struct StartRequest {
  uint32_t stage;
  OverlayRequest root;
  // Empty: not mounted.
  const char* workspace_target;
  List<BindRequest> binds;
  List<VolumeRequest> volumes;
  List<TmpfsRequest> tmpfs;
  // Path of a file directly in /run/sandpiper whose content is told at the end; empty: none.
  const char* output_file;
  ProgramRequest program;
  // A network namespace of its own, with loopback only.
  bool own_network;
  // Else the stage's of that name; empty: the one that the stage began with.
  const char* network;
  const char* hostname;
  List<RlimitRequest> rlimits;
  // Size of /dev/shm in bytes, as decimal text.
  const char* shm_bytes;
  List<CgroupRequest> cgroups;
  // Whether it is to be told what it uses while it runs.
  bool usage;
  // Interfaces whose bytes count for that; empty: all but loopback.
  List<const char*> usage_interfaces;
};

struct ExecRequest {
  uint32_t sandbox;
  ProgramRequest program;
};

struct WorkspaceRequest {
  uint32_t stage;
  OverlayRequest overlay;
};

struct NetworkRequest {
  uint32_t stage;
  const char* name;
};

// A program of the host's for a stage.
struct ToolRequest {
  uint32_t stage;
  // Ends with a null pointer; looked up in the usual directories when it has no slash.
  List<char*> argv;
  const char* input;
  // Names of networks that it gets as descriptors, from 3 on.
  List<const char*> networks;
  // Whether it runs in the first of them; else in the host's.
  bool enters;
  // Where it gets cgroups of its own; none: it stays in the launcher's.
  List<CgroupRequest> cgroups;
};

// Each returns nothing when the payload is malformed.
// Payload of kKeepLayers.
struct LayersRequest {
  uint32_t count;
  WritableRequest layer;
};
std::optional<LayersRequest> DecodeLayers(const std::string& payload, Arena& arena);
std::optional<StageRequest> DecodeStage(const std::string& payload, Arena& arena);
std::optional<StartRequest> DecodeStart(const char* payload, size_t size, Arena& arena);
std::optional<ExecRequest> DecodeExec(const std::string& payload, Arena& arena);
std::optional<WorkspaceRequest> DecodeWorkspace(const std::string& payload, Arena& arena);
std::optional<NetworkRequest> DecodeNetwork(const std::string& payload);
std::optional<ToolRequest> DecodeTool(const std::string& payload, Arena& arena);

}  // namespace sandpiper
