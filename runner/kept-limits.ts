import { readCgroupLayout, type CgroupLayout } from '../native/lib/cgroup/layout.js'
import { isInHostUserNamespace } from '../native/lib/user-namespace.js'
import { SandpiperError } from '../protocol/errors.js'
import { limitsOf, type CgroupLimit, type HostConfig, type StepLimits } from './config.js'

type KeptByCgroup = 'memoryBytes' | 'pids' | 'cpus' | 'cpuWeight'

/** The setting of each limit, and what is configured for it. */
const LIMITS: readonly (readonly [CgroupLimit, KeptByCgroup, string])[] = [
  ['memory', 'memoryBytes', 'SANDPIPER_STEP_MEMORY'],
  ['pids', 'pids', 'SANDPIPER_STEP_PIDS'],
  ['cpu', 'cpus', 'SANDPIPER_STEP_CPUS'],
  ['cpu', 'cpuWeight', 'SANDPIPER_STEP_CPU_WEIGHT'],
]

/** What a user can do about a limit that nothing keeps. */
export const UNKEPT_HINT =
  'Start it in a cgroup of the user’s own: systemd-run --user --scope -p Delegate=yes sandpiper ...; ' +
  'or run it as root. `sandpiper doctor` tells more.'

/**
 * The limits that this process can keep steps to. An ordinary user may have no cgroup: the defaults that
 * nothing can keep are left off then, a limit that was configured is an error.
 * @throws SandpiperError SP_RUNNER_LIMIT_UNKEPT
 */
export async function keptLimits(config: HostConfig): Promise<StepLimits> {
  if (isInHostUserNamespace()) return limitsOf(config)
  return limitsKeptBy(await readCgroupLayout(), config)
}

/** The same for a layout. */
export function limitsKeptBy(
  { hierarchies }: Pick<CgroupLayout, 'hierarchies'>,
  config: Pick<HostConfig, 'limits'>,
): StepLimits {
  const found = hierarchies.flatMap(({ controllers }) => controllers)
  const lost = LIMITS.filter(([limit]) => !found.includes(limit))
  for (const [limit, key, setting] of lost) {
    if (config.limits?.[key] === undefined) continue
    const message = `${setting} is set, but nothing here can keep that limit: there is no ${limit} cgroup controller for this user`
    throw new SandpiperError('SP_RUNNER_LIMIT_UNKEPT', message, { hint: UNKEPT_HINT })
  }
  const unkept = [...new Set(lost.map(([limit]) => limit))]
  return { ...limitsOf(config), ...(unkept.length === 0 ? {} : { unkept }) }
}

/** The warning at a start, or null. `what` runs without those limits. */
export function unkeptWarning(
  { unkept = [] }: Pick<StepLimits, 'unkept'>,
  what = 'steps run',
): string | null {
  if (unkept.length === 0) return null
  return `${what} without a limit of ${unkept.join(', ')}: this user has no cgroup for it. ${UNKEPT_HINT}`
}
