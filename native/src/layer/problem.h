#pragma once

#include <string>

#include "result.h"

namespace sandpiper {

// Failures about names that are made up here: the text is kept, for the latest one only, as the
// program ends with the first.

// The call that has just set errno failed on `path`.
Failure FailedOn(const char* call, const std::string& path);

// A failure of another's, about `path`.
Failure About(const Failure& failure, const std::string& path);

// No call failed, but `path` can't be taken. `why` goes on after the path in a sentence.
Failure Refused(const char* why, const std::string& path);

// Writes a failure as a line of JSON: {"errno":28,"call":"write","path":"usr/bin/x"}. `errno` is 0
// when it is none of a call, and `call` is then the reason. Bytes of paths are written as
// characters with their numbers.
void TellFailure(int fd, const Failure& failure);

}  // namespace sandpiper
