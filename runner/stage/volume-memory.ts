import type { StagePlan } from '../../pipelines/plan.js'
import { SandpiperError } from '../../protocol/errors.js'
import type { StepLimits } from '../config.js'
import { formatBytes } from './format.js'

/** Least size of a volume that has none of its own. */
const SHARE_BYTES_MIN = 1024 * 1024
const PAGE_BYTES = 4096

/**
 * Sizes in bytes of a stage's volumes in memory, by name. What a step has written to one stays when the
 * step and its limit are gone, so that all together hold no more than the runner gives one step at most;
 * those without a size share what the others leave.
 * @throws SandpiperError SP_RUNNER_LIMIT
 */
export function sizesInMemory(
  { volumes = [] }: Pick<StagePlan, 'volumes'>,
  limits: Pick<StepLimits, 'memoryBytes' | 'memoryBytesMax'>,
): ReadonlyMap<string, number> {
  const inMemory = volumes.filter((one) => one.kind === 'temp' && one.medium === 'memory')
  const sized = new Map<string, number>()
  const open: string[] = []
  for (const volume of inMemory) {
    if (volume.kind !== 'temp') continue
    if (volume.sizeBytes === undefined) open.push(volume.name)
    else sized.set(volume.name, Math.max(volume.sizeBytes, PAGE_BYTES))
  }
  const max = limits.memoryBytesMax ?? limits.memoryBytes
  const asked = [...sized.values()].reduce((sum, bytes) => sum + bytes, 0)
  const least = asked + open.length * SHARE_BYTES_MIN
  if (inMemory.length > 0 && least > max) throw tooMuch(least, max)
  const share = wholePages(Math.min((max - asked) / open.length, limits.memoryBytes))
  return new Map([...sized, ...open.map((name) => [name, share] as const)])
}

function wholePages(bytes: number): number {
  return Math.floor(bytes / PAGE_BYTES) * PAGE_BYTES
}

function tooMuch(asked: number, max: number): SandpiperError {
  return new SandpiperError(
    'SP_RUNNER_LIMIT',
    `the volumes in memory ask for ${formatBytes(asked)}, and this runner gives them ${formatBytes(max)} together`,
    { hint: 'Set lower sizes, or set SANDPIPER_STEP_MEMORY_MAX on the runner to more' },
  )
}
