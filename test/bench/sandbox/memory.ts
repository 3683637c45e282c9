import { median } from '../stats.js'
import type { Held, SandboxMaker } from './contender.js'
import { readMemory, type MemoryUse } from './host-memory.js'

/** Sandboxes that are held at once, for those that are quick; one for each part of a share. */
const HELD = 60
const ROUNDS = 3

/** What one sandbox takes of the host's memory, in bytes. */
export interface SandboxMemory {
  /** One that sleeps; null where it could not be measured. */
  readonly running: MemoryUse | null
  /** One that is ready to start. */
  readonly waiting: MemoryUse | null
}

/** Holds a number of sandboxes of each maker in turns, and takes the difference; medians of the rounds. */
export async function measureMemory(
  makers: readonly SandboxMaker[],
  mark: string,
): Promise<Map<string, SandboxMemory>> {
  const measured = new Map<string, SandboxMemory>()
  for (const maker of makers) {
    const { sleep, wait } = maker
    const running = await unlessFailed(maker, sleep, mark)
    const waiting = await unlessFailed(maker, wait, mark)
    await maker.settle?.()
    measured.set(maker.name, { running, waiting })
  }
  return measured
}

async function unlessFailed(
  maker: SandboxMaker,
  hold: (() => Promise<Held>) | undefined,
  mark: string,
): Promise<MemoryUse | null> {
  if (hold === undefined) return null
  try {
    return await perSandbox(maker, hold, mark)
  } catch (error) {
    if (maker.mayFail !== true) throw error
    return null
  }
}

async function perSandbox(
  { share }: SandboxMaker,
  hold: () => Promise<Held>,
  mark: string,
): Promise<MemoryUse> {
  const count = Math.max(4, Math.round(HELD * share))
  const rounds: MemoryUse[] = []
  // The first one fills caches that stay.
  await (await hold()).end()
  for (let round = 0; round < ROUNDS; round++) rounds.push(await difference(count, hold, mark))
  return {
    processes: median(rounds.map(({ processes }) => processes)),
    kernel: median(rounds.map(({ kernel }) => kernel)),
  }
}

async function difference(
  count: number,
  hold: () => Promise<Held>,
  mark: string,
): Promise<MemoryUse> {
  const before = await readMemory(mark)
  const held: Held[] = []
  try {
    for (let index = 0; index < count; index++) held.push(await hold())
    const after = await readMemory(mark)
    return {
      processes: (after.processes - before.processes) / count,
      kernel: (after.kernel - before.kernel) / count,
    }
  } finally {
    await Promise.all(held.map((one) => one.end()))
  }
}
