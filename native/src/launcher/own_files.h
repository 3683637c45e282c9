#pragma once

#include <string>

#include "result.h"
#include "unique_fd.h"

// What is at /run/sandpiper in a sandbox: a small file system in memory of its own.
namespace sandpiper {

inline constexpr const char* kOwnDirectory = "/run/sandpiper";

struct OwnFiles {
  // Detached.
  UniqueFd tree;
  // The file that the program may write to, open for reading. Not valid: there is none.
  UniqueFd output;
};

// Makes it, with an empty output file at that path if there is one. Its size bounds the file.
// Allocates nothing.
Result<OwnFiles> MakeOwnFiles(const char* output_path);

// Mounts the output file onto itself, once its file system is attached: it can be written to then
// also when that is read-only, and nothing can take its place (unlink(2) and rename(2), EBUSY).
Status AttachOutputFile(int output, const char* output_path);

// What was written to it, of more than 64 KiB these and a byte. Nobody may write to it any more.
Result<std::string> ReadOutputFile(int output);

}  // namespace sandpiper
