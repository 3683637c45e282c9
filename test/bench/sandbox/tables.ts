import type { Absent, SandboxMaker } from './contender.js'
import type { Load } from './load.js'
import type { SandboxMemory } from './memory.js'
import type { Kept } from './promises.js'
import type { Stopwatch } from './stopwatch.js'

type Row = readonly string[]

/** Latency and rate at each number of starts at once; ratios are to the maker named `base`. */
export function printLoads(
  makers: readonly SandboxMaker[],
  absent: readonly Absent[],
  loads: ReadonlyMap<number, ReadonlyMap<string, Load>>,
  base: string,
): void {
  for (const [atOnce, byName] of loads) {
    const floor = byName.get(base)
    console.log(
      `\nStart to exit of \`true\`; ${atOnce} at once. Starts per second count all of the teardown too`,
    )
    const rows = makers.flatMap(({ name, note }) => {
      const load = byName.get(name)
      return load ? [[name, ...loadCells(load, floor), note]] : []
    })
    printRows([['', 'p50', 'p99', 'ratio', 'starts/s', 'ratio', 'runs', ''], ...rows])
  }
  for (const { name, why } of absent) console.log(`  ${name}: left out: ${why}`)
}

function loadCells(load: Load, base: Load | undefined): Row {
  const { p50Ms, p99Ms, startsPerSecond, starts, failures } = load
  return [
    milliseconds(p50Ms),
    milliseconds(p99Ms),
    times(p50Ms, base?.p50Ms),
    startsPerSecond.toFixed(0),
    times(startsPerSecond, base?.startsPerSecond),
    failures === 0 ? String(starts) : `${starts} (${failures} more failed)`,
  ]
}

/** What one sandbox costs of the host's memory. */
export function printMemory(memory: ReadonlyMap<string, SandboxMemory>): void {
  console.log('\nMemory of the host for each sandbox: processes (proportional) + kernel')
  const rows = [...memory]
    .filter(([, { running, waiting }]) => running !== null || waiting !== null)
    .map(([name, { running, waiting }]) => [name, ...memoryCells(running), ...memoryCells(waiting)])
  printRows([['', 'running', '', '', 'waiting', '', ''], ...rows])
}

function memoryCells(use: SandboxMemory['running']): Row {
  if (use === null) return ['-', '', '']
  return [
    kibibytes(use.processes),
    `+ ${kibibytes(use.kernel)}`,
    `= ${kibibytes(use.processes + use.kernel)}`,
  ]
}

/** Where the time of a start goes, one at a time. */
export function printPhases(makers: readonly SandboxMaker[], stopwatch: Stopwatch): void {
  console.log('\nWhere our time goes, one at a time (medians)')
  for (const { name } of makers) {
    const phases = stopwatch.phasesOf(name)
    if (phases.length === 0) continue
    console.log(`  ${name}`)
    printRows(phases.map(({ phase, ms }) => [`  ${phase}`, milliseconds(ms)]))
  }
}

export function printPromises(kept: readonly Kept[]): void {
  console.log('\nWhat is promised')
  printRows(
    kept.map(({ what, ratio, bound, isKept }) => [
      what,
      `${ratio.toFixed(2)}x`,
      bound,
      isKept ? 'kept' : 'NOT KEPT',
    ]),
  )
}

function printRows(rows: readonly Row[]): void {
  const columns = Math.max(...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_none, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  for (const row of rows) {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0
      const isText = column === 0 || column === columns - 1
      return isText ? cell.padEnd(width) : cell.padStart(width)
    })
    console.log(`  ${cells.join('  ').trimEnd()}`)
  }
}

const milliseconds = (ms: number): string => `${ms.toFixed(2)} ms`
const kibibytes = (bytes: number): string => `${(bytes / 1024).toFixed(0)} KiB`
const times = (value: number, base = Number.NaN): string => `${(value / base).toFixed(2)}x`
