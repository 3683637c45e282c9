import { describe, expect, it } from '@jest/globals'
import { loadAddon } from '../addon.js'
import { compileSeccomp } from './compile.js'
import { NEW_SYSCALLS } from './new-syscalls.js'
import { type PolicyHost, toPolicy } from './policy.js'
import { type ProfileRule, readDefaultProfile, type SeccompProfile } from './profile.js'

const NUMBERS: Readonly<Record<string, number>> = { read: 0, ioctl: 16, clone3: 435, chroot: 161 }
const HOST: PolicyHost = {
  arch: 'x64',
  capabilities: new Set(['CAP_SYS_CHROOT']),
  resolve: (name) => NUMBERS[name] ?? -1,
}
const profileOf = (...syscalls: readonly ProfileRule[]): SeccompProfile => ({
  defaultAction: 'SCMP_ACT_ERRNO',
  archMap: [{ architecture: 'SCMP_ARCH_X86_64' }],
  syscalls,
})
const ALLOW = { action: 'SCMP_ACT_ALLOW' }
const ERRNO = 0x5_0000

describe('toPolicy', () => {
  it('makes rules on numbers, refuses by default and kills for other conventions', () => {
    const policy = toPolicy(profileOf({ names: ['read'], ...ALLOW }), HOST)
    expect(policy).toMatchObject({
      defaultAction: ERRNO + 1,
      otherArchitectureAction: 0x8000_0000,
      rules: [{ number: 0, action: 0x7fff_0000, conditions: [] }],
      unknownAction: ERRNO + 38,
    })
  })

  it('gives the errno that a rule names', () => {
    const rule = { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }
    expect(toPolicy(profileOf(rule), HOST).rules[0]?.action).toBe(ERRNO + 38)
  })

  it('leaves out names that the architecture has not, and knows newer ones itself', () => {
    const policy = toPolicy(profileOf({ names: ['socketcall', 'mseal'], ...ALLOW }), HOST)
    expect(policy.rules.map((rule) => rule.number)).toEqual([NEW_SYSCALLS['mseal']])
  })

  it('holds rules to the capabilities and architectures they are for', () => {
    const rules = [
      { names: ['chroot'], ...ALLOW, includes: { caps: ['CAP_SYS_CHROOT'] } },
      { names: ['read'], ...ALLOW, includes: { caps: ['CAP_SYS_ADMIN'] } },
      { names: ['read'], ...ALLOW, includes: { arches: ['arm64'] } },
      { names: ['clone3'], ...ALLOW, excludes: { caps: ['CAP_SYS_ADMIN'] } },
      { names: ['ioctl'], ...ALLOW, excludes: { caps: ['CAP_SYS_CHROOT'] } },
    ]
    expect(toPolicy(profileOf(...rules), HOST).rules.map((rule) => rule.number)).toEqual([161, 435])
  })

  it('turns "not equal" into refusals that come first', () => {
    const args = [1, 2].map((value) => ({ index: 1, value, op: 'SCMP_CMP_NE' }))
    const policy = toPolicy(profileOf({ names: ['ioctl'], ...ALLOW, args }), HOST)
    expect(policy.rules).toEqual([{ number: 16, action: 0x7fff_0000, conditions: [] }])
    expect(policy.refusals).toEqual(
      [1, 2].map((value) => ({ number: 16, argument: 1, values: [value], action: ERRNO + 1 })),
    )
  })

  it('refuses what it does not know instead of letting it through', () => {
    const unknown = [
      { names: ['read'], action: 'SCMP_ACT_NOTIFY' },
      { names: ['read'], ...ALLOW, args: [{ index: 0, value: 1, op: 'SCMP_CMP_ODD' }] },
    ]
    for (const rule of unknown) {
      expect(() => toPolicy(profileOf(rule), HOST)).toThrow(/action|comparison/)
    }
    expect(() => toPolicy(profileOf(), { ...HOST, arch: 'mips' })).toThrow('not for mips')
  })
})

describe('the default profile', () => {
  ;(process.arch === 'x64' ? it : it.skip)('names only system calls that there are', async () => {
    const { syscalls } = await readDefaultProfile()
    const addon = loadAddon()
    const unknown = syscalls
      .flatMap((rule) => rule.names)
      .filter((name) => addon.resolveSystemCall(name) < 0 && NEW_SYSCALLS[name] === undefined)
    expect(unknown).toEqual([])
  })

  it('refuses by default, and allows nothing that is dangerous', async () => {
    const profile = await readDefaultProfile()
    expect(profile).toMatchObject({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1 })
    const allowed = profile.syscalls
      .filter((rule) => rule.action === 'SCMP_ACT_ALLOW')
      .flatMap((rule) => rule.names)
    const dangerous = [
      ...['mount', 'umount2', 'setns', 'bpf', 'keyctl', 'userfaultfd', 'perf_event_open', 'clone3'],
      ...[
        'io_uring_setup',
        'open_by_handle_at',
        'pidfd_getfd',
        'kcmp',
        'init_module',
        'modify_ldt',
      ],
    ]
    for (const name of dangerous) expect(allowed).not.toContain(name)
  })

  it('compiles to a filter that the kernel takes', async () => {
    const filter = compileSeccomp(await readDefaultProfile())
    expect(filter.length % 8).toBe(0)
    expect(filter.length / 8).toBeLessThan(4096)
  })
})
