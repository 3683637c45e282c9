import type { ResourcesPlan } from '../../pipelines/plan.js'
import { SandpiperError } from '../../protocol/errors.js'
import type { StepLimits } from '../config.js'
import { formatBytes } from './format.js'

/**
 * The limits of one step: what it asks for, within what the runner gives a step at most.
 * @throws SandpiperError SP_RUNNER_LIMIT
 */
export function limitsOfStep(asked: ResourcesPlan | undefined, own: StepLimits): StepLimits {
  if (asked === undefined) return own
  const { memoryBytes, pids, cpus, diskBytes } = asked
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

function tooMuch(asked: string, max: string, setting: string): SandpiperError {
  return new SandpiperError(
    'SP_RUNNER_LIMIT',
    `the step asks for ${asked}, and this runner gives a step ${max} at most`,
    { hint: `Ask for less, or set SANDPIPER_STEP_${setting}_MAX on the runner to more` },
  )
}
