#pragma once

#include "result.h"

namespace sandpiper {

// Confine, for each of the things that the program does. The tests confine themselves likewise.

// Reads a tree and writes to stdout.
Status ConfineReader(const char* root);
// Reads stdin and writes into a tree.
Status ConfineWriter(const char* root);
// Reads stdin and writes to stdout.
Status ConfineFilter();

}  // namespace sandpiper
