#pragma once

namespace sandpiper {

// Tries each kernel feature that sandboxes need in a child process of its own, and prints a line
// each: name, errno (0 when it works), system call and object, separated by tabs. `directory` is on
// the file system that is to hold layers; a scratch directory is made in it and removed. Returns
// the exit code.
int RunProbes(const char* directory);

}  // namespace sandpiper
