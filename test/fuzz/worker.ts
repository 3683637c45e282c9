import { parentPort, workerData } from 'node:worker_threads'
import { fuzz } from './fuzz.js'
import { TARGETS } from './targets.js'

/** One target, until the time is over or something is found. Tells each input before it is tried. */
export interface Work {
  readonly target: string
  readonly seed: number
  /** Unix time in milliseconds. */
  readonly until: number
}

export type Report =
  | { readonly input: string }
  | { readonly runs: number; readonly finding?: { readonly input: string; readonly error: string } }

const { target: name, seed, until } = workerData as Work
const target = TARGETS.find((one) => one.name === name)
if (target === undefined) throw new Error(`there is no target ${name}`)
const { runs, finding } = fuzz(target, {
  seed,
  goOn: () => Date.now() < until,
  onInput: (input) => tell({ input }),
})
const found = finding && { input: finding.input, error: finding.error.stack ?? '' }
tell({ runs, ...(found === undefined ? {} : { finding: found }) })

function tell(report: Report): void {
  parentPort?.postMessage(report)
}
