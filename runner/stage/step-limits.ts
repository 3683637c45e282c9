import { readFileSync } from 'node:fs'
import type { ResourcesPlan, SandboxStep } from '../../pipelines/plan.js'
import { SandpiperError } from '../../protocol/errors.js'
import type { CgroupLimit, StepLimits } from '../config.js'
import { UNKEPT_HINT } from '../kept-limits.js'
import { formatBytes, formatDuration } from './format.js'

/** What every cgroup has that says nothing. */
const CPU_WEIGHT_DEFAULT = 100

/** One thing that a step can ask for. */
interface Limit {
  /** In the plan, and in what the runner has. */
  readonly key: keyof ResourcesPlan
  /** What the runner gives at most; undefined is anything. */
  readonly max: (own: StepLimits) => number | undefined
  /** What is asked for, in words, and how much of it there is. */
  readonly say: (value: number) => string
  readonly name?: (value: number) => string
  readonly setting: string
  /** The controller that keeps it. */
  readonly keptBy?: CgroupLimit
}

const LIMITS: readonly Limit[] = [
  {
    key: 'memoryBytes',
    max: (own) => own.memoryBytesMax ?? own.memoryBytes,
    say: (value) => `${formatBytes(value)} of memory`,
    name: formatBytes,
    setting: 'MEMORY',
    keptBy: 'memory',
  },
  {
    key: 'pids',
    max: (own) => own.pidsMax ?? own.pids,
    say: (value) => `${value} processes`,
    setting: 'PIDS',
    keptBy: 'pids',
  },
  {
    key: 'cpus',
    max: (own) => own.cpusMax ?? own.cpus,
    say: (value) => `${value} CPUs`,
    setting: 'CPUS',
    keptBy: 'cpu',
  },
  {
    key: 'cpuWeight',
    max: (own) => own.cpuWeightMax ?? own.cpuWeight ?? CPU_WEIGHT_DEFAULT,
    say: (value) => `a CPU weight of ${value}`,
    setting: 'CPU_WEIGHT',
    keptBy: 'cpu',
  },
  {
    key: 'diskBytes',
    max: (own) => own.diskBytesMax ?? own.diskBytes,
    say: (value) => `${formatBytes(value)} of disk`,
    name: formatBytes,
    setting: 'DISK',
  },
  {
    key: 'openFiles',
    max: (own) => own.openFilesMax ?? own.openFiles,
    say: (value) => `${value} open files`,
    setting: 'OPEN_FILES',
  },
  {
    key: 'outputBytes',
    max: (own) => own.outputBytesMax ?? own.outputBytes,
    say: (value) => `${formatBytes(value)} of output`,
    name: formatBytes,
    setting: 'OUTPUT',
  },
]

/**
 * The limits of one step: what it asks for, within what the runner gives a step at most.
 * @throws SandpiperError SP_RUNNER_LIMIT, SP_RUNNER_LIMIT_UNKEPT
 */
export function limitsOfStep(
  { resources = {}, timeoutMs }: Pick<SandboxStep, 'resources' | 'timeoutMs'>,
  own: StepLimits,
): StepLimits {
  for (const limit of LIMITS) checkLimit(limit, resources[limit.key], own)
  if (resources.openFiles !== undefined) checkHostFiles(resources.openFiles)
  const watch = resources.diskBytes === undefined ? {} : { watchDisk: true as const }
  return { ...own, ...resources, ...watch, ...timeOf(timeoutMs, own) }
}

function checkLimit(limit: Limit, asked: number | undefined, own: StepLimits): void {
  if (asked === undefined) return
  if (limit.keptBy !== undefined) refuseUnkept(limit.keptBy, own)
  const max = limit.max(own)
  if (max === undefined || asked <= max) return
  throw tooMuch(limit.say(asked), (limit.name ?? String)(max), limit.setting)
}

/** A step that says nothing has the runner's time, one that does has its own. */
function timeOf(
  asked: number | undefined,
  { stepTimeoutMs, stepTimeoutMsMax }: StepLimits,
): Pick<StepLimits, 'stepTimeoutMs'> {
  const max = stepTimeoutMsMax ?? stepTimeoutMs
  if (asked !== undefined && max !== undefined && asked > max) {
    throw tooMuch(`a time of ${formatDuration(asked)}`, formatDuration(max), 'TIMEOUT')
  }
  const limitMs = asked ?? stepTimeoutMs ?? max
  return limitMs === undefined ? {} : { stepTimeoutMs: limitMs }
}

/** Nobody can have more than this process may: the launcher would cut it. */
function checkHostFiles(asked: number): void {
  const [, hard] =
    /^Max open files +\S+ +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  const max = Number(hard)
  if (Number.isNaN(max) || asked <= max) return
  throw new SandpiperError(
    'SP_RUNNER_LIMIT',
    `the step asks for ${asked} open files, and the runner itself may have ${max} at most`,
    { hint: 'Ask for less, or start the runner with a higher limit (LimitNOFILE= of its unit)' },
  )
}

function refuseUnkept(limit: CgroupLimit, own: StepLimits): void {
  if (own.unkept?.includes(limit) !== true) return
  const message = `the step asks for a limit of ${limit}, and nothing here can keep it: there is no ${limit} cgroup controller for this user`
  throw new SandpiperError('SP_RUNNER_LIMIT_UNKEPT', message, { hint: UNKEPT_HINT })
}

function tooMuch(asked: string, max: string, setting: string): SandpiperError {
  return new SandpiperError(
    'SP_RUNNER_LIMIT',
    `the step asks for ${asked}, and this runner gives a step ${max} at most`,
    { hint: `Ask for less, or set SANDPIPER_STEP_${setting}_MAX on the runner to more` },
  )
}
