#pragma once

namespace sandpiper {

// A command of the program; main.cc says what each does. It gets what comes after its name, and
// returns the exit code.
using Command = int (*)(int argc, char** argv);

int RunUnpack(int argc, char** argv);
int RunPack(int argc, char** argv);
int RunCopy(int argc, char** argv);
int RunCat(int argc, char** argv);
int RunUnzstd(int argc, char** argv);

}  // namespace sandpiper
