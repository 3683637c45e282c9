import { messageOf } from '../../protocol/errors.js'
import type { Figure } from './report.js'
import { isAbsent, isMaker, type Absent, type SandboxMaker } from './sandbox/contender.js'
import { loadFigures, memoryFigures, phaseFigures, promiseFigures } from './sandbox/figures.js'
import { openGround, type Ground } from './sandbox/ground.js'
import { measureLoad, type Load } from './sandbox/load.js'
import { measureMemory } from './sandbox/memory.js'
import { FIRST, FRESH, FRESH_UNBOUNDED, ourMakers, QUICKEST } from './sandbox/ours.js'
import { peerMakers } from './sandbox/peers/all.js'
import { checkPromises, type Promised } from './sandbox/promises.js'
import { Stopwatch } from './sandbox/stopwatch.js'
import { printLoads, printMemory, printPhases, printPromises } from './sandbox/tables.js'

/**
 * Turns for each number of starts at once, if they don't take too long; in a turn each maker has four
 * starts for each of them.
 */
const TURNS: ReadonlyMap<number, number> = new Map([
  [1, 80],
  [2, 60],
  [8, 20],
])
const BWRAP = 'bwrap --unshare-all'
const RUNC = 'runc run'

const latency = { atOnce: 1, measure: ({ p50Ms }: Load) => p50Ms }
const rate = { atOnce: 8, measure: ({ startsPerSecond }: Load) => startsPerSecond }

/** What the sandbox has to reach: information, as a busy machine says little. */
const PROMISES: readonly Promised[] = [
  { what: 'all fresh / bwrap', of: FRESH, to: BWRAP, ...latency, atMost: 0.8 },
  { what: 'all fresh, unbounded / bwrap', of: FRESH_UNBOUNDED, to: BWRAP, ...latency, atMost: 0.8 },
  { what: 'first step of a build / bwrap', of: FIRST, to: BWRAP, ...latency, atMost: 0.8 },
  { what: 'in a stage / bwrap', of: QUICKEST, to: BWRAP, ...latency, atMost: 0.3 },
  { what: 'runc / all fresh', of: RUNC, to: FRESH, ...latency, atLeast: 10 },
  { what: 'runc / first step of a build', of: RUNC, to: FIRST, ...latency, atLeast: 10 },
  { what: 'runc / in a stage', of: RUNC, to: QUICKEST, ...latency, atLeast: 20 },
  { what: 'starts/s at 8: in a stage / bwrap', of: QUICKEST, to: BWRAP, ...rate, atLeast: 4 },
]

/** Start-to-exit of `true`, torn down, next to the peers on the same busybox root; memory; phases. */
export async function benchSandbox(scratch: string): Promise<Figure[]> {
  const ground = await openGround(scratch)
  const makers: SandboxMaker[] = []
  try {
    const stopwatch = new Stopwatch()
    const ours = await ourMakers(ground, stopwatch)
    makers.push(...ours)
    const peers = await peerMakers(ground)
    makers.push(...peers.filter(isMaker))
    const absent = peers.filter(isAbsent)
    return await measure({ ground, ours, makers, absent, stopwatch })
  } catch (error) {
    // What fails while everything is removed must not hide it.
    console.error(`error: ${messageOf(error)}`)
    throw error
  } finally {
    for (const maker of makers) await closeQuietly(maker)
    await ground.close()
  }
}

interface Field {
  readonly ground: Ground
  readonly ours: readonly SandboxMaker[]
  readonly makers: readonly SandboxMaker[]
  readonly absent: readonly Absent[]
  readonly stopwatch: Stopwatch
}

async function measure({ ground, ours, makers, absent, stopwatch }: Field): Promise<Figure[]> {
  const loads = new Map<number, ReadonlyMap<string, Load>>()
  for (const [atOnce, turns] of TURNS) {
    if (atOnce === 1) stopwatch.start()
    loads.set(atOnce, await measureLoad(makers, atOnce, turns))
    stopwatch.stop()
  }
  const memory = await measureMemory(makers, ground.peersCgroup)
  const kept = checkPromises(PROMISES, loads)
  printLoads(makers, absent, loads, BWRAP)
  printPhases(ours, stopwatch)
  printMemory(memory)
  printPromises(kept)
  return [
    ...loadFigures(ours, loads),
    ...phaseFigures(ours, stopwatch),
    ...memoryFigures(ours, memory),
    ...promiseFigures(kept),
  ]
}

async function closeQuietly(maker: SandboxMaker): Promise<void> {
  await maker.close?.().catch((error: unknown) => {
    console.error(`warning: ${maker.name}: ${messageOf(error)}`)
  })
}
