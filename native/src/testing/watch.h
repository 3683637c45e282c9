#pragma once

// What a hostile program of a sandbox does to others that are made in it: for so long, looks at
// every process that is not a program yet (its executable is the launcher's) in every way there is.
// Prints "seen N", where N is how often it met one, and a line for each thing that it got hold of.
void WatchProcesses(int milliseconds);
