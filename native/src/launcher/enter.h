#pragma once

namespace sandpiper {

// `enter UID GID COUNT PROGRAM [ARGUMENT...]`: executes the program in a new user namespace in
// which the calling user is root (0), and 1..COUNT are the subordinate ids from UID and from GID
// on. An ordinary user may not write such maps: newuidmap(1) and newgidmap(1), which are
// set-user-ID root, do, and allow what /etc/subuid and /etc/subgid allow. The process stays the
// same one, with its id, descriptors and terminal. When it can't be done the program is executed
// all the same, where it was, with the reason in the variable SANDPIPER_ENTER_FAILURE. Returns the
// exit code when the program can't be executed.
int RunInUserNamespace(int argc, char** argv);

}  // namespace sandpiper
