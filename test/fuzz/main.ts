import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { TARGETS } from './targets.js'
import type { Report, Work } from './worker.js'

/**
 * `npm run fuzz -- [--target NAME] [--seconds N] [--seed N]`: feeds mutants of real files to what reads
 * text of strangers. An input that breaks a promise, or takes longer than `HANG_MS`, is written to
 * fuzz-TARGET.txt; the exit code is 1 then.
 */
const HANG_MS = 10_000

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const names = TARGETS.map(({ name }) => name)
const chosen = values.target === undefined ? names : names.filter((name) => name === values.target)
if (chosen.length === 0) {
  console.error(`error: there is no target ${values.target}\nhint: one of ${names.join(', ')}`)
  process.exit(2)
}
for (const target of chosen) await fuzzOne(target)

async function fuzzOne(target: string): Promise<void> {
  const until = Date.now() + Number(values.seconds) * 1000
  const seed = Number(values.seed)
  const work: Work = { target, seed, until }
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: work })
  let latest = ''
  let watchdog: NodeJS.Timeout | undefined
  const report = await new Promise<Exclude<Report, { input: string }>>((resolve, reject) => {
    const onHang = (): void =>
      resolve({ runs: 0, finding: { input: latest, error: `takes longer than ${HANG_MS} ms` } })
    worker.on('error', reject)
    worker.on('message', (message: Report) => {
      clearTimeout(watchdog)
      if ('runs' in message) resolve(message)
      else {
        latest = message.input
        watchdog = setTimeout(onHang, HANG_MS)
      }
    })
  })
  await worker.terminate()
  tell(target, seed, report)
}

function tell(target: string, seed: number, report: Exclude<Report, { input: string }>): void {
  const { runs, finding } = report
  if (finding === undefined) {
    console.log(`${target}: ${runs} inputs, nothing found (seed ${seed})`)
    return
  }
  const file = `fuzz-${target}.txt`
  writeFileSync(file, finding.input)
  console.log(`${target}: found after ${runs} inputs (seed ${seed}), see ${file}\n${finding.error}`)
  process.exitCode = 1
}
