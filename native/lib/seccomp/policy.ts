import type {
  RawSeccompCondition,
  RawSeccompPolicy,
  RawSeccompRefusal,
  RawSeccompRule,
} from '../addon.js'
import { NativeError } from '../error.js'
import { NEW_SYSCALLS, UNKNOWN_SYSCALLS_FROM } from './new-syscalls.js'
import type { ProfileArgument, ProfileFilter, ProfileRule, SeccompProfile } from './profile.js'

const EPERM = 1
const ENOSYS = 38

/** Actions and comparisons of libseccomp's seccomp.h. */
const ACT_KILL_PROCESS = 0x8000_0000
const ACT_ERRNO = 0x0005_0000
const ACT_ALLOW = 0x7fff_0000
const COMPARISONS: Readonly<Record<string, number>> = {
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
}
const CMP_NE = 'SCMP_CMP_NE'

/** What decides which rules of a profile hold. */
export interface PolicyHost {
  /** As in Node's `process.arch`. */
  readonly arch: string
  /** Capabilities that programs can have, e.g. `CAP_SYS_CHROOT`. */
  readonly capabilities: ReadonlySet<string>
  /** Number of a system call, negative for none of that name. */
  resolve(name: string): number
}

/**
 * A profile as rules on numbers. Calls of another calling convention (32-bit, x32) end the process.
 * Calls that are newer than the profile are ENOSYS, as on an older kernel, so that libraries fall back;
 * names that this architecture has no call for are left out.
 * @throws NativeError SP_NATIVE_SECCOMP for an action, comparison or architecture that is not known.
 */
export function toPolicy(profile: SeccompProfile, host: PolicyHost): RawSeccompPolicy {
  const arches = profile.archMap.map((entry) => entry.architecture)
  if (!arches.includes(ARCHITECTURES[host.arch] ?? '')) {
    throw new NativeError('SP_NATIVE_SECCOMP', `the seccomp profile is not for ${host.arch}`)
  }
  const calls = rulesFor(profile, host).flatMap((rule) => toCalls(rule, host))
  const defaultAction = toAction(profile.defaultAction, profile.defaultErrnoRet)
  return {
    defaultAction,
    otherArchitectureAction: ACT_KILL_PROCESS,
    rules: calls.map(toRule),
    unknownFrom: UNKNOWN_SYSCALLS_FROM,
    unknownAction: ACT_ERRNO + ENOSYS,
    refusals: calls.flatMap((call) => toRefusals(call, defaultAction)),
  }
}

/** The rules of a profile that hold here. */
export function rulesFor(profile: SeccompProfile, host: RuleHost): readonly ProfileRule[] {
  return profile.syscalls.filter((rule) => holds(rule, host))
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'SCMP_ARCH_X86_64',
  arm64: 'SCMP_ARCH_AARCH64',
}

type RuleHost = Pick<PolicyHost, 'arch' | 'capabilities'>

function holds(rule: ProfileRule, host: RuleHost): boolean {
  if (rule.includes && !matches(rule.includes, host)) return false
  return !(rule.excludes && matches(rule.excludes, host))
}

function matches(filter: ProfileFilter, host: RuleHost): boolean {
  const caps = filter.caps?.every((name) => host.capabilities.has(name)) ?? true
  const arches = filter.arches?.some((name) => PROFILE_ARCHES[host.arch] === name) ?? true
  return caps && arches
}

/** Names that profiles use in `arches`: Go's. */
const PROFILE_ARCHES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** One system call of a rule. */
interface Call {
  readonly number: number
  readonly rule: ProfileRule
}

function toCalls(rule: ProfileRule, host: PolicyHost): readonly Call[] {
  return rule.names.flatMap((name) => {
    const known = host.resolve(name)
    const number = known >= 0 ? known : NEW_SYSCALLS[name]
    return number === undefined ? [] : [{ number, rule }]
  })
}

function toRule({ number, rule }: Call): RawSeccompRule {
  const conditions = (rule.args ?? []).filter((arg) => arg.op !== CMP_NE).map(toCondition)
  return { number, action: toAction(rule.action, rule.errnoRet), conditions }
}

/** "Not equal" the other way round: what is equal is refused, before the rules are looked at. */
function toRefusals({ number, rule }: Call, action: number): readonly RawSeccompRefusal[] {
  const unequal = (rule.args ?? []).filter((arg) => arg.op === CMP_NE)
  return unequal.map((arg) => ({ number, argument: arg.index, values: [arg.value], action }))
}

function toCondition(arg: ProfileArgument): RawSeccompCondition {
  const operation = COMPARISONS[arg.op]
  if (operation === undefined) throw new NativeError('SP_NATIVE_SECCOMP', `comparison ${arg.op}`)
  return {
    index: arg.index,
    operation,
    value: BigInt(arg.value),
    valueTwo: BigInt(arg.valueTwo ?? 0),
  }
}

function toAction(action: string, errno: number | undefined): number {
  switch (action) {
    case 'SCMP_ACT_ALLOW':
      return ACT_ALLOW
    case 'SCMP_ACT_ERRNO':
      return ACT_ERRNO + (errno ?? EPERM)
    case 'SCMP_ACT_KILL_PROCESS':
      return ACT_KILL_PROCESS
    default:
      throw new NativeError('SP_NATIVE_SECCOMP', `action ${action} in the seccomp profile`)
  }
}
