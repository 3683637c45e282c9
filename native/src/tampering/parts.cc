#include <optional>
#include <string>
#include <utility>

#include "arena.h"
#include "caps.h"
#include "cgroup.h"
#include "guards.h"
#include "masks.h"
#include "request.h"
#include "result.h"
#include "rlimits.h"
#include "seccomp.h"

// The launcher's own functions that are left out as a whole. A function that gets another signature
// has another symbol: the link of the tampered launcher fails then, and the new one belongs here
// and into the Makefile's TAMPERED_PARTS.
#define STRING "RKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"
#define WRAP(name) asm("__wrap__ZN9sandpiper" name)
#define REAL(name) asm("__real__ZN9sandpiper" name)

namespace tampering {
namespace {

using sandpiper::Arena;
using sandpiper::Cgroups;
using sandpiper::ExecRequest;
using sandpiper::List;
using sandpiper::RlimitRequest;
using sandpiper::StartRequest;
using sandpiper::Status;

}  // namespace

std::optional<StartRequest> RealDecodeStart(const char* payload, size_t size, Arena& arena)
    REAL("11DecodeStartEPKcmRNS_5ArenaE");
std::optional<StartRequest> DecodeStart(const char* payload, size_t size, Arena& arena)
    WRAP("11DecodeStartEPKcmRNS_5ArenaE");
std::optional<StartRequest> DecodeStart(const char* payload, size_t size, Arena& arena) {
  std::optional<StartRequest> request = RealDecodeStart(payload, size, arena);
  if (request) request->program.env = TakeGuardsAway(request->program.env);
  return request;
}

std::optional<ExecRequest> RealDecodeExec(const std::string& payload, Arena& arena)
    REAL("10DecodeExecE" STRING "RNS_5ArenaE");
std::optional<ExecRequest> DecodeExec(const std::string& payload, Arena& arena)
    WRAP("10DecodeExecE" STRING "RNS_5ArenaE");
std::optional<ExecRequest> DecodeExec(const std::string& payload, Arena& arena) {
  std::optional<ExecRequest> request = RealDecodeExec(payload, arena);
  if (request) request->program.env = TakeGuardsAway(request->program.env);
  return request;
}

Status RealDropCapabilities() REAL("16DropCapabilitiesEv");
Status DropCapabilities() WRAP("16DropCapabilitiesEv");
Status DropCapabilities() {
  return IsOff(Guard::kCapabilities) ? Status() : RealDropCapabilities();
}

Status RealLimitCapabilities() REAL("17LimitCapabilitiesEv");
Status LimitCapabilities() WRAP("17LimitCapabilitiesEv");
Status LimitCapabilities() {
  return IsOff(Guard::kCapabilities) ? Status() : RealLimitCapabilities();
}

Status RealLoadSeccomp(const std::string& filter) REAL("11LoadSeccompE" STRING);
Status LoadSeccomp(const std::string& filter) WRAP("11LoadSeccompE" STRING);
Status LoadSeccomp(const std::string& filter) {
  return IsOff(Guard::kSeccomp) ? Status() : RealLoadSeccomp(filter);
}

Status RealMaskPaths(int proc, int sysfs, int dev, int empty) REAL("9MaskPathsEiiii");
Status MaskPaths(int proc, int sysfs, int dev, int empty) WRAP("9MaskPathsEiiii");
Status MaskPaths(int proc, int sysfs, int dev, int empty) {
  return IsOff(Guard::kMasks) ? Status() : RealMaskPaths(proc, sysfs, dev, empty);
}

Status RealSetRlimits(const List<RlimitRequest>& limits)
    REAL("10SetRlimitsERKNS_4ListINS_13RlimitRequestEEE");
Status SetRlimits(const List<RlimitRequest>& limits)
    WRAP("10SetRlimitsERKNS_4ListINS_13RlimitRequestEEE");
Status SetRlimits(const List<RlimitRequest>& limits) {
  return IsOff(Guard::kRlimits) ? Status() : RealSetRlimits(limits);
}

Status RealEnterCgroups(const Cgroups& cgroups) REAL("12EnterCgroupsERKNS_7CgroupsE");
Status EnterCgroups(const Cgroups& cgroups) WRAP("12EnterCgroupsERKNS_7CgroupsE");
Status EnterCgroups(const Cgroups& cgroups) {
  return IsOff(Guard::kCgroups) ? Status() : RealEnterCgroups(cgroups);
}

Status RealLimitCgroups(const Cgroups& cgroups) REAL("12LimitCgroupsERKNS_7CgroupsE");
Status LimitCgroups(const Cgroups& cgroups) WRAP("12LimitCgroupsERKNS_7CgroupsE");
Status LimitCgroups(const Cgroups& cgroups) {
  return IsOff(Guard::kCgroups) ? Status() : RealLimitCgroups(cgroups);
}

}  // namespace tampering
