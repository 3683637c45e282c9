import { access, readFile } from 'node:fs/promises'
import { constants } from 'node:fs'
import { findDelegatedCgroup } from '../../native/lib/cgroup/delegated.js'
import { parseCgroupMounts } from '../../native/lib/cgroup/layout.js'
import { isInHostUserNamespace } from '../../native/lib/user-namespace.js'
import { lacking, missing, present, type CheckResult } from './check.js'

const CONTROLLERS = ['cpu', 'memory', 'pids'] as const

/** A mounted cgroup hierarchy (cgroups(7)). */
interface Hierarchy {
  readonly path: string
  readonly version: 1 | 2
  readonly controllers: readonly string[]
}

/** Mode, and where each controller that limits need is to be had. */
export async function checkCgroups(): Promise<CheckResult[]> {
  const hierarchies = await findHierarchies()
  const mode = modeOf(hierarchies)
  if (mode === null) {
    const hint = 'mount -t cgroup2 none /sys/fs/cgroup'
    return [missing('cgroups', 'no cgroup file system is mounted', hint)]
  }
  const isHostRoot = process.geteuid?.() === 0 && isInHostUserNamespace()
  if (!isHostRoot) return [present('cgroups', mode), ...(await checkDelegation())]
  return [
    present('cgroups', mode),
    ...(await Promise.all(CONTROLLERS.map(controllerCheck(hierarchies)))),
  ]
}

/** What an ordinary user may limit steps by. Steps run without, so that none of it is required. */
async function checkDelegation(): Promise<CheckResult[]> {
  const mounts = parseCgroupMounts(await readFile('/proc/self/mountinfo', 'utf8'))
  const found = await findDelegatedCgroup(mounts)
  if ('reason' in found) {
    return [lackingControllers('cgroup delegation', CONTROLLERS, found.reason, DELEGATE_HINT)]
  }
  const { directory } = found
  const text = await readFile(`${directory}/cgroup.controllers`, 'utf8').catch(() => '')
  const available = text.trim().split(/\s+/)
  return CONTROLLERS.map((name) =>
    available.includes(name)
      ? present(`cgroup ${name}`, `delegated: ${directory}`)
      : lackingControllers(
          `cgroup ${name}`,
          [name],
          `${directory} was delegated without it`,
          CONTROLLER_HINT,
        ),
  )
}

const DELEGATE_HINT =
  'start it in a cgroup of the user’s own: systemd-run --user --scope -p Delegate=yes sandpiper ..., ' +
  'or a unit with User= and Delegate=yes; it takes a host with cgroup version 2 (systemd.unified_cgroup_hierarchy=1)'
const CONTROLLER_HINT =
  'sudo systemctl edit user@.service, with [Service] Delegate=cpu memory pids; on a host of version 2 without version 1 mounts'

function lackingControllers(
  name: string,
  controllers: readonly string[],
  reason: string,
  hint: string,
): CheckResult {
  const what = controllers.join(', ')
  const without = `steps run without limits of ${what}, and one that is asked for is an error`
  return lacking(name, `${reason}; ${without}`, hint)
}

function modeOf(hierarchies: readonly Hierarchy[]): string | null {
  const versions = new Set(hierarchies.map(({ version }) => version))
  if (versions.size === 2) return 'hybrid (v1 controllers, v2 beside them)'
  if (versions.has(2)) return 'v2'
  return versions.has(1) ? 'v1' : null
}

function controllerCheck(hierarchies: readonly Hierarchy[]) {
  return async (controller: (typeof CONTROLLERS)[number]): Promise<CheckResult> => {
    const name = `cgroup ${controller}`
    const home = hierarchies.find(({ controllers }) => controllers.includes(controller))
    if (home === undefined) {
      const hint = `turn it on: cgroup_enable=${controller} on the kernel's command line, or mount it`
      return missing(name, `the ${controller} controller is in no mounted hierarchy`, hint)
    }
    const writable = await access(home.path, constants.W_OK).then(
      () => true,
      () => false,
    )
    const where = `v${home.version} at ${home.path}`
    if (writable) return present(name, where)
    return missing(
      name,
      `${where} can't be written to`,
      'run as root, with a writable /sys/fs/cgroup',
    )
  }
}

async function findHierarchies(): Promise<Hierarchy[]> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  const found: Hierarchy[] = []
  for (const line of mounts.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const path = before.split(' ')[4] ?? ''
    const [type = '', , superOptions = ''] = after.split(' ')
    if (type === 'cgroup') found.push({ path, version: 1, controllers: superOptions.split(',') })
    if (type === 'cgroup2') {
      const text = await readFile(`${path}/cgroup.controllers`, 'utf8').catch(() => '')
      found.push({ path, version: 2, controllers: text.trim().split(' ') })
    }
  }
  return found
}
