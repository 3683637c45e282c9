import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { benchPush } from './push.js'
import { benchSandbox } from './sandbox.js'

const SANDBOX_ROUNDS = 50
const PUSH_ROUNDS = 10

/** `npm run bench [-- --json FILE]`: everything in one run, side by side, as ratios. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'string' } } })
  const scratch = await mkdtemp(path.join(tmpdir(), 'sp-bench-'))
  try {
    const figures = [
      ...(await benchSandbox(scratch, SANDBOX_ROUNDS)),
      ...(await benchPush(scratch, PUSH_ROUNDS)),
    ]
    if (values.json !== undefined) {
      await writeFile(values.json, `${JSON.stringify(figures, null, 2)}\n`)
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

await main()
