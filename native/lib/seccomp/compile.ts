import { arch } from 'node:process'
import { loadAddon } from '../addon.js'
import { fromAddon } from '../error.js'
import { toPolicy } from './policy.js'
import { readDefaultProfile, type SeccompProfile } from './profile.js'

/** What sandboxes keep: native/src/launcher/caps.cc. */
export const KEPT_CAPABILITIES: ReadonlySet<string> = new Set([
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_NET_BIND_SERVICE',
  'CAP_SETFCAP',
  'CAP_SETGID',
  'CAP_SETPCAP',
  'CAP_SETUID',
  'CAP_SYS_CHROOT',
])

/**
 * A profile compiled for this machine: an array of struct sock_filter (seccomp(2)).
 * @throws NativeError SP_NATIVE_SECCOMP, or naming the libseccomp function that failed.
 */
export function compileSeccomp(profile: SeccompProfile): Buffer {
  const addon = loadAddon()
  const policy = toPolicy(profile, {
    arch,
    capabilities: KEPT_CAPABILITIES,
    resolve: (name) => addon.resolveSystemCall(name),
  })
  try {
    return addon.compileSeccomp(policy)
  } catch (error) {
    throw fromAddon(error)
  }
}

/** The compiled default profile, compiled once per process. */
export function defaultSeccompFilter(): Promise<Buffer> {
  compiled ??= readDefaultProfile().then(compileSeccomp)
  return compiled
}

let compiled: Promise<Buffer> | undefined
