import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readdirSync } from 'node:fs'
import { cp, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { ROOT } from '../support/root.js'
import { sandpiper } from '../support/sandpiper.js'
import { makeScratch } from '../support/scratch.js'
import { type Outcome, OUTCOMES } from './examples.js'

/** The examples of the reference, run as a reader would: `sandpiper exec` in a directory with the file. */
const EXAMPLES = path.join(ROOT, 'docs/pipeline/examples')

let scratch: { dir: string; remove: () => Promise<void> }

beforeAll(async () => {
  scratch = await makeScratch()
  const { code, stderr } = await command(['image', 'import', 'busybox', '--busybox'], scratch.dir)
  expect(`${String(code)}${stderr}`).toBe('0')
}, 60_000)

afterAll(() => scratch.remove())

function command(args: readonly string[], cwd: string): ReturnType<typeof sandpiper> {
  const env = { SANDPIPER_DATA: path.join(scratch.dir, 'data'), SANDPIPER_STEP_GRACE: '200ms' }
  return sandpiper(args, env, cwd)
}

interface Stage {
  readonly name: string
  readonly status: string
  readonly steps: readonly { readonly name: string; readonly status: string }[]
}

/** `stage: status` and, below it, `step: status` of all but the checkout, in the order of their names. */
function statusesOf(stages: readonly Stage[]): Record<string, string> {
  const statuses = stages.flatMap(({ name, status, steps }) => [
    [name, status] as const,
    ...steps
      .filter((step) => step.name !== 'clone')
      .map((step) => [`${name}/${step.name}`, step.status] as const),
  ])
  return Object.fromEntries(statuses)
}

let count = 0

async function runExample({ example, args = [] }: Outcome): Promise<{
  code: number | null
  log: string
  statuses: Record<string, string>
}> {
  const tree = path.join(scratch.dir, `tree-${String(count++)}`)
  await mkdir(tree)
  await cp(path.join(EXAMPLES, `${example}.yml`), path.join(tree, '.pipeline.yml'))
  await cp(path.join(EXAMPLES, 'ci'), path.join(tree, 'ci'), { recursive: true })
  const { code, stdout, stderr } = await command(['exec', '--json', ...args], tree)
  const { stages } = JSON.parse(stdout) as { stages?: readonly Stage[] }
  if (stages === undefined) throw new Error(`exec ran nothing: ${stdout}\n${stderr}`)
  return { code, log: stderr, statuses: statusesOf(stages) }
}

describe('the examples of the reference', () => {
  it('are all in the table of what they do', () => {
    const files = readdirSync(EXAMPLES).filter((file) => file.endsWith('.yml'))
    const known = new Set(OUTCOMES.map(({ example }) => example))
    expect([...known].sort()).toEqual(files.map((file) => path.parse(file).name).sort())
  })

  const rows = OUTCOMES.map((one) => [[one.example, ...(one.args ?? [])].join(' '), one] as const)

  it.each(rows)('do what is said of %s', async (_, outcome) => {
    const { code, log, statuses } = await runExample(outcome)
    expect(statuses).toEqual(outcome.statuses)
    for (const line of outcome.log) expect(log).toContain(line)
    for (const line of outcome.never ?? []) expect(log).not.toContain(line)
    expect(code).toBe(outcome.code ?? 0)
  })
})
