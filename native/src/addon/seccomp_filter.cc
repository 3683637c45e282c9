#include "seccomp_filter.h"

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

#include "unique_fd.h"

namespace sandpiper {
namespace {

struct Release {
  void operator()(void* context) const { seccomp_release(context); }
};
using Context = std::unique_ptr<void, Release>;

// libseccomp returns negated errno values.
Status Check(int result, const char* call, const char* object) {
  if (result < 0) return Failure{-result, call, object};
  return {};
}

Status AddRule(void* context, const SeccompRule& rule) {
  std::vector<scmp_arg_cmp> comparisons;
  for (const SeccompCondition& condition : rule.conditions) {
    comparisons.push_back({condition.index, static_cast<scmp_compare>(condition.operation),
                           condition.value, condition.value_two});
  }
  return Check(
      seccomp_rule_add_array(context, rule.action, rule.number,
                             static_cast<unsigned>(comparisons.size()), comparisons.data()),
      "seccomp_rule_add", "rule");
}

Result<std::string> Export(void* context) {
  const UniqueFd memory(memfd_create("seccomp", MFD_CLOEXEC));
  if (!memory.valid()) return LastFailure("memfd_create", "seccomp");
  TRY(Check(seccomp_export_bpf(context, memory.get()), "seccomp_export_bpf", "filter"));
  struct stat info {};
  if (fstat(memory.get(), &info) < 0) return LastFailure("fstat", "filter");
  std::string filter(static_cast<size_t>(info.st_size), '\0');
  const ssize_t got = pread(memory.get(), filter.data(), filter.size(), 0);
  if (got != info.st_size) return Failure{EIO, "pread", "filter"};
  return filter;
}

}  // namespace

int ResolveSystemCall(const std::string& name) {
  return seccomp_syscall_resolve_name(name.c_str());
}

Result<std::string> CompileSeccomp(const SeccompPolicy& policy) {
  const Context context(seccomp_init(policy.default_action));
  if (!context) return Failure{EINVAL, "seccomp_init", "default action"};
  void* filter = context.get();
  TRY(Check(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, policy.other_architecture_action),
            "seccomp_attr_set", "SCMP_FLTATR_ACT_BADARCH"));
  TRY(Check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2), "seccomp_attr_set",
            "SCMP_FLTATR_CTL_OPTIMIZE"));
  for (const SeccompRule& rule : policy.rules) {
    // The default needs no rule, and libseccomp refuses one.
    if (rule.action != policy.default_action) TRY(AddRule(filter, rule));
  }
  const uint32_t architecture = seccomp_arch_native();
  return AssemblePrologue(
             {architecture, policy.unknown_from, policy.unknown_action, policy.refusals}) +
         TRY(Export(filter));
}

}  // namespace sandpiper
