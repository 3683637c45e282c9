import type { ResourcesPlan } from '../../pipelines/plan.js'
import { SandpiperError } from '../../protocol/errors.js'
import type { CgroupLimit, StepLimits } from '../config.js'
import { UNKEPT_HINT } from '../kept-limits.js'
import { formatBytes } from './format.js'

/**
 * The limits of one step: what it asks for, within what the runner gives a step at most.
 * @throws SandpiperError SP_RUNNER_LIMIT, SP_RUNNER_LIMIT_UNKEPT
 */
export function limitsOfStep(asked: ResourcesPlan | undefined, own: StepLimits): StepLimits {
  if (asked === undefined) return own
  const { memoryBytes, pids, cpus, diskBytes } = asked
  refuseUnkept('memory', memoryBytes, own)
  refuseUnkept('pids', pids, own)
  refuseUnkept('cpu', cpus, own)
  const memoryMax = own.memoryBytesMax ?? own.memoryBytes
  const pidsMax = own.pidsMax ?? own.pids
  const cpusMax = own.cpusMax ?? own.cpus
  if (memoryBytes !== undefined && memoryBytes > memoryMax) {
    throw tooMuch(`${formatBytes(memoryBytes)} of memory`, formatBytes(memoryMax), 'MEMORY')
  }
  if (pids !== undefined && pids > pidsMax) {
    throw tooMuch(`${pids} processes`, String(pidsMax), 'PIDS')
  }
  if (cpus !== undefined && cpusMax !== undefined && cpus > cpusMax) {
    throw tooMuch(`${cpus} CPUs`, String(cpusMax), 'CPUS')
  }
  return {
    ...own,
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(pids === undefined ? {} : { pids }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(diskBytes === undefined ? {} : { diskBytes }),
  }
}

function refuseUnkept(limit: CgroupLimit, asked: number | undefined, own: StepLimits): void {
  if (asked === undefined || own.unkept?.includes(limit) !== true) return
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
