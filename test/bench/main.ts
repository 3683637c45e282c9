import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { benchImages } from './images.js'
import { benchPipelines } from './pipelines.js'
import { benchPush } from './push.js'
import type { Figure } from './report.js'
import { benchSandbox } from './sandbox.js'
import { benchUsage } from './usage.js'

const PUSH_ROUNDS = 10
const PIPELINES_ROUNDS = 20

const PARTS: Readonly<Record<string, (scratch: string) => Promise<Figure[]>>> = {
  sandbox: benchSandbox,
  usage: benchUsage,
  images: benchImages,
  push: (scratch) => benchPush(scratch, PUSH_ROUNDS),
  pipelines: () => benchPipelines(PIPELINES_ROUNDS),
}

/**
 * `npm run bench [-- --json FILE] [--only PART]`: everything (or one part) in one run, side by side,
 * as ratios.
 */
async function main(): Promise<void> {
  const options = { json: { type: 'string' }, only: { type: 'string' } } as const
  const { values } = parseArgs({ options })
  const { only } = values
  const parts = Object.entries(PARTS).filter(([name]) => only === undefined || name === only)
  if (parts.length === 0) {
    console.error(`error: no part ${only}\nhint: one of ${Object.keys(PARTS).join(', ')}`)
    process.exitCode = 2
    return
  }
  const scratch = await mkdtemp(path.join(tmpdir(), 'sp-bench-'))
  try {
    const figures: Figure[] = []
    for (const [, bench] of parts) figures.push(...(await bench(scratch)))
    if (values.json !== undefined) {
      await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`)
    }
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 })
  }
}

await main()
