import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

/** `sandpiper exec` as a process, in real sandboxes. */
const withSandbox = process.env['SANDPIPER_TEST_SANDBOX'] === '0' ? describe.skip : describe
const program = path.resolve(__dirname, '../../bin/sandpiper')
let dir: string
let tree: string

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'sp-test-exec-'))
  tree = path.join(dir, 'tree')
  await mkdir(tree)
})

afterAll(() => rm(dir, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function exec(
  steps: Readonly<Record<string, readonly string[]>>,
  args: readonly string[] = [],
  onOutput: (stdout: string, kill: () => void) => void = () => undefined,
): Promise<Ended> {
  const document = {
    ...{ kind: 'pipeline', type: 'exec', name: 'main' },
    steps: Object.entries(steps).map(([name, commands]) => ({ name, commands })),
  }
  await writeFile(path.join(tree, '.pipeline.yml'), JSON.stringify(document))
  const child = spawn(process.execPath, [program, 'exec', ...args], {
    cwd: tree,
    env: {
      PATH: process.env['PATH'] ?? '',
      SANDPIPER_DATA: path.join(dir, 'data'),
      SANDPIPER_STEP_GRACE: '200ms',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
    onOutput(stdout, () => child.kill('SIGINT'))
  })
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

const NOT_ON_TAG =
  'the event is `promote`, which the condition on `event` does not match (wants `tag`)'

withSandbox('sandpiper exec', () => {
  it('runs the steps on the working tree, writes nothing to it, and passes', async () => {
    await writeFile(path.join(tree, 'input'), 'from the tree\n')
    const { code, stdout } = await exec({ read: ['cat input', 'echo made > output', 'cat output'] })
    expect(stdout).toMatch(/^read +\| from the tree\n(.*\n)*read +\| made\n/m)
    expect(stdout).toMatch(/^read +\| ✓ success in /m)
    expect(stdout).toMatch(/\npassed in [\d.]+s\n$/)
    expect((await readdir(tree)).sort()).toEqual(['.pipeline.yml', 'input'])
    expect(code).toBe(0)
  })

  it('ends with exit code 1 when a step fails, and names it in the JSON', async () => {
    const steps = { good: ['echo out'], bad: ['exit 7'], never: ['true'] }
    const { code, stdout, stderr } = await exec(steps, ['--json'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^good +\| out$/m)
    expect(JSON.parse(stdout)).toMatchObject({
      passed: false,
      stages: [
        {
          name: 'main',
          status: 'failure',
          steps: expect.arrayContaining([
            expect.objectContaining({ name: 'good', status: 'success' }),
            expect.objectContaining({ name: 'bad', status: 'failure', exit_code: 7 }),
            expect.objectContaining({ name: 'never', status: 'skipped' }),
          ]) as unknown,
        },
      ],
    })
  })

  it('lists in the JSON what does not run and why', async () => {
    const when = { event: 'tag' }
    const steps = [
      { name: 'ran', commands: ['echo $DRONE_DEPLOY_TO $VERSION'] },
      { name: 'left', commands: ['true'], when },
    ]
    const pipeline = { kind: 'pipeline', type: 'exec' }
    const documents = [
      { ...pipeline, name: 'main', steps },
      { ...pipeline, name: 'other', steps, trigger: when },
    ]
    const file = path.join(tree, 'two.yml')
    await writeFile(file, documents.map((one) => JSON.stringify(one)).join('\n---\n'))
    const args = ['--json', '--target', 'prod', '--param', 'VERSION=1.2', 'two.yml']
    const { code, stdout, stderr } = await exec({}, args)
    await rm(file)
    expect(stderr).toMatch(/^ran +\| prod 1\.2$/m)
    expect(JSON.parse(stdout)).toMatchObject({
      passed: true,
      stages: [{ name: 'main', left_out: [{ name: 'left', reason: NOT_ON_TAG }] }],
      skipped: [{ name: 'other', reason: NOT_ON_TAG }],
    })
    expect(code).toBe(0)
  })

  it('tells once why a pipeline is refused, and names it at the end', async () => {
    const pipeline = { kind: 'pipeline', type: 'exec' }
    const steps = [
      { name: 'a', commands: ['true'], privileged: true },
      { name: 'b', commands: ['true'] },
    ]
    const documents = [
      { ...pipeline, name: 'one', steps },
      { ...pipeline, name: 'two', steps: [{ name: 'c', commands: ['exit 3'] }] },
    ]
    const file = path.join(tree, 'refused.yml')
    await writeFile(file, documents.map((one) => JSON.stringify(one)).join('\n---\n'))
    const { code, stdout } = await exec({}, ['refused.yml'])
    await rm(file)
    const lines = stdout.split('\n').filter((line) => line.startsWith('one/'))
    expect(lines).toHaveLength(3)
    expect(lines.filter((line) => line.includes('privileged'))).toHaveLength(1)
    expect(stdout).toMatch(
      /\nfailed: pipeline one \(.*privileged.*\), step two\/c \(exit code 3\)\n$/,
    )
    expect(code).toBe(1)
  })

  it('tells at the end which step failed', async () => {
    const { stdout } = await exec({ good: ['true'], bad: ['exit 7'] })
    expect(stdout).toMatch(/\nfailed: step bad \(exit code 7\)\n$/)
  })

  it("keeps a step's output from steering the terminal", async () => {
    const { stdout } = await exec({ evil: [String.raw`printf '\033[2J\033]0;title\007text\n'`] })
    expect(stdout).toMatch(/^evil +\| text$/m)
    expect(stdout).not.toContain('\x1b')
  })

  it('ends in good order when it is interrupted', async () => {
    let sent = false
    const { code, stdout } = await exec({ slow: ['echo begun', 'sleep 600'] }, [], (text, kill) => {
      if (sent || !/\| begun\n/.test(text)) return
      sent = true
      kill()
    })
    expect(stdout).toMatch(/^slow +\| ✗ killed in .*cancelled/m)
    expect(code).toBe(130)
  })
})

describe('sandpiper exec with a file that is wrong', () => {
  it('shows where, runs nothing, and ends with exit code 1', async () => {
    const { code, stdout, stderr } = await exec({ 'a step': [] })
    expect(stderr).toMatch(/\.pipeline\.yml:\d+:\d+: error SP_PIPELINE_/)
    expect(stdout).toBe('')
    expect(code).toBe(1)
  })

  it('gives with --json the diagnostics that `lint --json` gives, and nothing else', async () => {
    const { code, stdout, stderr } = await exec({ 'a step': [] }, ['--json'])
    expect(JSON.parse(stdout)).toMatchObject([
      {
        file: '.pipeline.yml',
        ok: false,
        diagnostics: expect.arrayContaining([
          expect.objectContaining({ severity: 'error' }),
        ]) as unknown,
      },
    ])
    expect(stderr).toBe('')
    expect(code).toBe(1)
  })
})
