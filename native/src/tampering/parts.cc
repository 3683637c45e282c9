#include <optional>
#include <string>
#include <utility>
#include <vector>

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

using sandpiper::CgroupRequest;
using sandpiper::ExecRequest;
using sandpiper::RlimitRequest;
using sandpiper::StartRequest;
using sandpiper::Status;

}  // namespace

std::optional<StartRequest> RealDecodeStart(const std::string& payload)
    REAL("11DecodeStartE" STRING);
std::optional<StartRequest> DecodeStart(const std::string& payload) WRAP("11DecodeStartE" STRING);
std::optional<StartRequest> DecodeStart(const std::string& payload) {
  std::optional<StartRequest> request = RealDecodeStart(payload);
  if (request) TakeGuardsAway(request->program.env);
  return request;
}

std::optional<ExecRequest> RealDecodeExec(const std::string& payload) REAL("10DecodeExecE" STRING);
std::optional<ExecRequest> DecodeExec(const std::string& payload) WRAP("10DecodeExecE" STRING);
std::optional<ExecRequest> DecodeExec(const std::string& payload) {
  std::optional<ExecRequest> request = RealDecodeExec(payload);
  if (request) TakeGuardsAway(request->program.env);
  return request;
}

Status RealDropCapabilities() REAL("16DropCapabilitiesEv");
Status DropCapabilities() WRAP("16DropCapabilitiesEv");
Status DropCapabilities() {
  return IsOff(Guard::kCapabilities) ? Status() : RealDropCapabilities();
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

Status RealSetRlimits(const std::vector<RlimitRequest>& limits)
    REAL("10SetRlimitsERKSt6vectorINS_13RlimitRequestESaIS1_EE");
Status SetRlimits(const std::vector<RlimitRequest>& limits)
    WRAP("10SetRlimitsERKSt6vectorINS_13RlimitRequestESaIS1_EE");
Status SetRlimits(const std::vector<RlimitRequest>& limits) {
  return IsOff(Guard::kRlimits) ? Status() : RealSetRlimits(limits);
}

Status RealEnterCgroups(int host, const std::vector<CgroupRequest>& cgroups)
    REAL("12EnterCgroupsEiRKSt6vectorINS_13CgroupRequestESaIS1_EE");
Status EnterCgroups(int host, const std::vector<CgroupRequest>& cgroups)
    WRAP("12EnterCgroupsEiRKSt6vectorINS_13CgroupRequestESaIS1_EE");
Status EnterCgroups(int host, const std::vector<CgroupRequest>& cgroups) {
  return IsOff(Guard::kCgroups) ? Status() : RealEnterCgroups(host, cgroups);
}

}  // namespace tampering
