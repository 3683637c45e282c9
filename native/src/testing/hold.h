#pragma once

// What hostile programs of a sandbox do to hold the launcher up, each a name of an attempt.

// Traces every process that is called "traceable", and never waits for one. Does not end.
void TraceOthers();
// Is traced by the former, and ends then with 0.
void BeTraced();
// Makes its parent trace it and stops.
void StopTracedByParent();
// Stops every process that is to become a program. Does not end.
void StopStarting();
// Leaves a child, and a traced thread, to its parent.
void LeaveToParent();
// Leaves a child of a child, in a session of its own, that ignores SIGTERM and prints its
// pid first.
void LeaveDaemon();
// Stops a child of it and itself, both of which ignore SIGTERM.
void StopAll();
// Swaps a and b of the working directory for ever.
void SwapForEver();
// Takes all inotify instances that it can get, and keeps them. Does not end.
void UseUpInotify();
