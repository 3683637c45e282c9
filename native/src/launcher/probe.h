#pragma once

namespace sandpiper {

// Tries each kernel feature that sandboxes need in a child process of its own, and prints a line
// each: name, errno (0 when it works), system call and object, separated by tabs. `directory` is an
// empty directory on the file system that is to hold layers; everything is done in it. Returns the
// exit code.
int RunProbes(const char* directory);

}  // namespace sandpiper
