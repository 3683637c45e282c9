import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { buildDirectory } from './addon.js'
import { type CgroupLayout, LIMITING_CONTROLLERS, readCgroupLayout } from './cgroup/layout.js'
import { errnoName } from './error.js'

/** Features that are tried in a child process of the launcher. */
export type ProbedFeature =
  | 'root'
  | 'user-namespace'
  | 'mount-namespace'
  | 'network-namespace'
  | 'other-namespaces'
  | 'id-mapped-mount'
  | 'overlay'
  | 'kernel-file-systems'
  | 'seccomp'
  | 'pidfd'

/** Whether this host can do one thing that sandboxes need. */
export interface Probe {
  readonly feature: ProbedFeature | 'cgroups'
  readonly ok: boolean
  /** What was found or what failed, e.g. `mount overlay on probe: EPERM`. */
  readonly detail: string
}

export interface HostReport {
  readonly cgroupMode: CgroupLayout['mode']
  readonly probes: readonly Probe[]
}

/**
 * Tries what sandboxes need on this host, leaving nothing behind.
 * @param directory an existing directory on the file system that is to hold layers.
 * @throws when the launcher is not built or `directory` is not writable.
 */
export async function probeHost(directory: string): Promise<HostReport> {
  const launcher = join(buildDirectory(), 'sandpiper-launcher')
  const { stdout } = await promisify(execFile)(launcher, ['probe', directory])
  const layout = await readCgroupLayout()
  return { cgroupMode: layout.mode, probes: [...parseProbes(stdout), await probeCgroups(layout)] }
}

/** The lines that `sandpiper-launcher probe` prints. */
export function parseProbes(text: string): readonly Probe[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [feature = '', errno = '', call = '', object = ''] = line.split('\t')
      const ok = errno === '0'
      const detail = ok ? '' : `${call} on ${object}: ${errnoName(Number(errno))}`
      return { feature: feature as ProbedFeature, ok, detail }
    })
}

async function probeCgroups(layout: CgroupLayout): Promise<Probe> {
  const found = layout.hierarchies.flatMap((hierarchy) => hierarchy.controllers)
  const missing = LIMITING_CONTROLLERS.filter((name) => !found.includes(name))
  if (missing.length > 0) {
    return { feature: 'cgroups', ok: false, detail: `no controller: ${missing.join(', ')}` }
  }
  for (const { mountPoint } of layout.hierarchies) {
    try {
      await access(mountPoint, constants.W_OK)
    } catch {
      return { feature: 'cgroups', ok: false, detail: `${mountPoint} is not writable` }
    }
  }
  return { feature: 'cgroups', ok: true, detail: layout.mode }
}
