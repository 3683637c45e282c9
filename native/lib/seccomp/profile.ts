import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seccompDirectory } from '../addon.js'

/**
 * A seccomp profile in the format that OCI tools share (runtime-spec config-linux.md, "Seccomp", with
 * `includes` and `excludes` as in the Moby profile).
 */
export interface SeccompProfile {
  readonly defaultAction: string
  readonly defaultErrnoRet?: number
  /** The architectures it is for. No `subArchitectures`: other calling conventions are refused. */
  readonly archMap: readonly { readonly architecture: string }[]
  readonly syscalls: readonly ProfileRule[]
}

export interface ProfileRule {
  readonly names: readonly string[]
  readonly action: string
  readonly errnoRet?: number
  readonly args?: readonly ProfileArgument[]
  readonly includes?: ProfileFilter
  readonly excludes?: ProfileFilter
  readonly comment?: string
}

export interface ProfileArgument {
  readonly index: number
  readonly value: number
  readonly valueTwo?: number
  readonly op: string
}

/** When a rule applies: all of `caps` are held, the architecture is one of `arches`. */
export interface ProfileFilter {
  readonly caps?: readonly string[]
  readonly arches?: readonly string[]
}

/** The profile that every sandbox gets: native/seccomp/default.json. */
export async function readDefaultProfile(): Promise<SeccompProfile> {
  const text = await readFile(join(seccompDirectory(), 'default.json'), 'utf8')
  return JSON.parse(text) as SeccompProfile
}
