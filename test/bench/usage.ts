import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createLauncher } from '../../native/lib/index.js'
import type { Launcher, Sandbox, SandboxSpec, Stage } from '../../native/lib/types.js'
import { openLayerStore } from '../../runner/layers/store.js'
import { UsageRecord } from '../../runner/stage/usage/usage-record.js'
import { UsageReports } from '../../runner/uplink/usage-reports.js'
import type { Figure } from './report.js'

const SANDBOXES = 50
const WINDOW_MS = 20_000
/** Waits for what starting the sandboxes has left to do. */
const SETTLE_MS = 2_000
/** As often as heartbeats carry usage. */
const REPORT_MS = 5_000
const IDS = { start: 1_998_000_000, count: 65_536 }

/** CPU time that was used while 50 sandboxes slept, in percent of one core. */
interface Cost {
  readonly launcher: number
  readonly node: number
}

/**
 * What sampling costs: launcher and Node, with everything that the runner does with the samples up to the
 * text of its heartbeats, next to the same without.
 */
export async function benchUsage(scratch: string): Promise<Figure[]> {
  const store = await openLayerStore(path.join(scratch, 'layers'))
  const lowers = store
    .layerPaths(await store.importBusybox('busybox'))
    .map((one) => ({ path: one }))
  const launcher = await createLauncher({ cgroupParent: `sandpiper/usage-${String(process.pid)}` })
  try {
    const stage = await launcher.createStage({ ids: IDS })
    const off = await measure(launcher, stage, lowers, false)
    const on = await measure(launcher, stage, lowers, true)
    await stage.destroy()
    print(off, on)
    const value = sum(on) - sum(off)
    return [{ name: 'usage.sampling', metric: 'cpu', unit: 'percent', value, peers: {} }]
  } finally {
    await launcher.close()
  }
}

async function measure(
  launcher: Launcher,
  stage: Stage,
  lowers: SandboxSpec['root']['lowers'],
  isSampling: boolean,
): Promise<Cost> {
  const reports = new UsageReports()
  const sandboxes: Sandbox[] = []
  for (let step = 1; step <= SANDBOXES; step++) {
    const record = new UsageRecord()
    record.beginTry()
    reports.open({ stageId: 1, attempt: 1, step }, record)
    const onUsage = isSampling ? { onUsage: record.add.bind(record) } : {}
    sandboxes.push(await stage.start({ ...sleepSpec(step, lowers), ...onUsage }))
  }
  for (const { output } of sandboxes) output.resume()
  await delay(SETTLE_MS)
  const timer = setInterval(() => JSON.stringify(reports.take()), REPORT_MS)
  const cost = await costOf(launcher, () => delay(WINDOW_MS))
  clearInterval(timer)
  for (const sandbox of sandboxes) sandbox.kill()
  await Promise.all(sandboxes.map(({ exit }) => exit))
  return cost
}

async function costOf(launcher: Launcher, work: () => Promise<void>): Promise<Cost> {
  const since = performance.now()
  const [node, own] = [process.cpuUsage(), await cpuMsOf(launcher.pid)]
  await work()
  const { user, system } = process.cpuUsage(node)
  const ms = (await cpuMsOf(launcher.pid)) - own
  const percent = 100 / (performance.now() - since)
  return { launcher: ms * percent, node: ((user + system) / 1000) * percent }
}

/** CPU time of a process with one thread, from its nanoseconds in /proc/PID/schedstat. */
async function cpuMsOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${String(pid)}/schedstat`, 'utf8')
  return Number(text.split(' ')[0]) / 1_000_000
}

function sleepSpec(step: number, lowers: SandboxSpec['root']['lowers']): SandboxSpec {
  return {
    name: `sleep-${String(step)}`,
    root: { lowers, writable: { kind: 'memory', sizeBytes: 16 * 1024 * 1024 } },
    binds: [],
    argv: ['/bin/sleep', '1000'],
    env: { PATH: '/bin' },
    cwd: '/',
    hostname: 'bench',
    limits: { memoryBytes: 256 * 1024 * 1024, cpus: 1, pids: 256 },
  }
}

function print(off: Cost, on: Cost): void {
  console.log(
    `\nSampling of usage: CPU time while ${SANDBOXES} sandboxes sleep for ${WINDOW_MS / 1000} s, in % of a core`,
  )
  console.log('            off     on')
  for (const who of ['launcher', 'node'] as const) {
    console.log(`  ${who.padEnd(8)} ${percent(off[who])} ${percent(on[who])}`)
  }
  console.log(`  more     ${''.padStart(6)} ${percent(sum(on) - sum(off))}`)
}

function percent(value: number): string {
  return value.toFixed(3).padStart(6)
}

function sum({ launcher, node }: Cost): number {
  return launcher + node
}
