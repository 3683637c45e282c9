import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { makeJob, openTestHost, runJob, step, type TestHost } from '../testing/stages.js'
import { runStage, type StageStop } from './run-stage.js'
import { StepSpool } from '../spool/step-spool.js'
import type { StageSink } from './sink.js'

let host: TestHost

beforeAll(async () => {
  host = await openTestHost()
})

afterAll(() => host.remove())

async function leftOnDisk(): Promise<string[]> {
  await host.host.deps.trash.idle()
  const { stages, trash } = host.host.dataDir
  const ids = (await readdir(host.directory)).filter((name) => name === 'ids')
  return [...(await readdir(stages)), ...(await readdir(trash)), ...ids]
}

const cancelled: StageStop = { reason: { kind: 'cancelled', reason: 'by ada' }, urgent: false }

describe('runStage', () => {
  it('runs commands in the workspace and reports output, exit code and usage', async () => {
    const job = makeJob([
      step('build', ['pwd', 'echo "hello $GREETED"'], { environment: { GREETED: 'you' } }),
    ])
    const { sink, outcome } = await runJob(host, job)
    expect(outcome).toEqual({ status: 'success', error: '' })
    expect(sink.log('build')).toBe('+ pwd\n/drone/src\n+ echo "hello $GREETED"\nhello you\n')
    expect(sink.results.get('build')).toMatchObject({ status: 'success', exitCode: 0, error: '' })
    expect(sink.results.get('build')!.usage!.wallMs).toBeGreaterThan(0)
    expect(sink.events).toEqual(['start build', 'end build'])
  })

  it('tells which command begins where in the log, whatever the commands print', async () => {
    const forged = `printf '\\033]7770;%s;1;0\\007' 000000000000000000000000`
    const job = makeJob([step('a', ['echo one', forged, 'set +e; false', 'exit 3'])])
    const { sink } = await runJob(host, job)
    const log = sink.log('a')
    const begun = sink.sections.map(({ command, before, at }) => [
      command,
      before,
      log.slice(at).split('\n')[0],
    ])
    expect(begun).toEqual([
      [0, undefined, '+ echo one'],
      [1, 0, `+ ${forged}`],
      [2, 0, '+ set +e; false'],
      [3, 1, '+ exit 3'],
    ])
    expect(log).toContain('\u001b]7770;000000000000000000000000;1;0\u0007+ set +e')
  })

  it('tells standard error apart, and keeps what the commands print in their order', async () => {
    const commands = Array.from({ length: 20 }, (_, i) => `echo out${i}; echo error${i} >&2`)
    const { sink } = await runJob(host, makeJob([step('a', commands)]))
    const lines = sink.log('a').trimEnd().split('\n')
    const parts = commands.map((command, i) => [`+ ${command}`, `error${i}`, `out${i}`])
    // Within a command the two may change places.
    const sorted = parts.map((_, i) => lines.slice(3 * i, 3 * i + 3).sort())
    expect(sorted).toEqual(parts)
    expect(sink.errors.get('a')).toBe(commands.map((_, i) => `error${i}\n`).join(''))
    expect(sink.sections.map(({ command }) => command)).toEqual(commands.map((_, i) => i))
  })

  it('tells the commands of each try of a step', async () => {
    const flaky = step('a', ['echo x >&2', 'test -e /tmp/never'], {
      retry: { count: 1, backoffMs: 0 },
    })
    const { sink } = await runJob(host, makeJob([flaky]))
    expect(sink.sections.map(({ command }) => command)).toEqual([0, 1, 0, 1])
  })

  it('leaves nothing behind', async () => {
    await runJob(host, makeJob([step('a', ['mkdir -p x/y && chmod 0 x', 'touch /root-file'])]))
    expect(await leftOnDisk()).toEqual([])
  })

  it('ends a step with the first command that fails, and the stage with it', async () => {
    const job = makeJob([
      step('a', ['exit 7', 'echo never']),
      step('b', ['echo b'], { dependsOn: ['a'] }),
    ])
    const { sink, outcome } = await runJob(host, job)
    expect(outcome.status).toBe('failure')
    expect(sink.results.get('a')).toMatchObject({ status: 'failure', exitCode: 7 })
    expect(sink.results.get('b')).toMatchObject({ status: 'skipped', exitCode: 0 })
    expect(sink.log('a')).not.toContain('never\n')
  })

  it('gives steps one workspace and each its own fresh root', async () => {
    const job = makeJob([
      step('write', ['echo kept > file', 'echo lost > /etc/own']),
      step('read', ['cat file', 'ls /etc/own && exit 1 || true'], { dependsOn: ['write'] }),
    ])
    const { sink, outcome } = await runJob(host, job)
    expect(outcome.status).toBe('success')
    expect(sink.log('read')).toContain('\nkept\n')
  })

  it('shows the source tree as root would have made it and never writes to it', async () => {
    const tree = await mkdtemp(path.join(os.tmpdir(), 'sandpiper-tree-'))
    await writeFile(path.join(tree, 'source'), 'text\n')
    const steps = [
      { kind: 'clone', name: 'clone', dependsOn: [] } as const,
      step('build', ['cat source', 'stat -c %u source', 'echo changed > source'], {
        dependsOn: ['clone'],
      }),
    ]
    const job = makeJob(steps, { plan: { clone: { disabled: false } } })
    const { sink, outcome } = await runJob(host, job, { tree: { path: tree } })
    expect(sink.log('build')).toContain('\ntext\n')
    expect(sink.log('build')).toContain('\n0\n')
    expect(outcome.status).toBe('success')
    expect(await readFile(path.join(tree, 'source'), 'utf8')).toBe('text\n')
    await rm(tree, { recursive: true })
  })

  it('starts a step as soon as its own dependencies have ended', async () => {
    const job = makeJob([
      step('slow', ['while [ ! -e go ]; do sleep 0.01; done']),
      step('quick', ['true']),
      step('next', ['touch go'], { dependsOn: ['quick'] }),
    ])
    const { sink, outcome } = await runJob(host, job)
    expect(outcome.status).toBe('success')
    const started = sink.events.indexOf('start next')
    expect(started).toBeGreaterThanOrEqual(0)
    expect(started).toBeLessThan(sink.events.indexOf('end slow'))
  })

  it('runs failure steps with the names of what failed, and ignores what is to be ignored', async () => {
    const job = makeJob([
      step('lint', ['false'], { failure: 'ignore' }),
      step('test', ['false'], { dependsOn: ['lint'] }),
      step('mail', ['echo "$DRONE_STAGE_STATUS: $DRONE_FAILED_STEPS"'], {
        dependsOn: ['test'],
        runOn: { success: false, failure: true },
      }),
    ])
    const { sink, outcome } = await runJob(host, job)
    expect(outcome.status).toBe('failure')
    expect(sink.results.get('test')!.status).toBe('failure')
    expect(sink.log('mail')).toContain('\nfailure: test\n')
  })

  it('kills what still runs when a step with `failure: fast` fails', async () => {
    const job = makeJob([
      step('check', ['while [ ! -e up ]; do sleep 0.01; done', 'false'], { failure: 'fast' }),
      step('long', ['touch up', 'sleep 1000']),
    ])
    const { sink, outcome } = await runJob(host, job)
    expect(outcome.status).toBe('failure')
    expect(sink.results.get('long')).toMatchObject({
      status: 'killed',
      error: 'killed: step check failed (failure: fast)',
    })
  })

  it('ends detached steps with the others, and does not count them', async () => {
    const job = makeJob([
      step('db', ['touch up', 'sleep 1000'], { detach: true }),
      step('test', ['while [ ! -e up ]; do sleep 0.01; done'], { dependsOn: ['db'] }),
    ])
    const { sink, outcome } = await runJob(host, job)
    expect(outcome.status).toBe('success')
    expect(sink.results.get('db')).toMatchObject({ status: 'success', error: '' })
    expect(sink.events.at(-1)).toBe('end db')
  })

  it('names an image that is missing and says how to get it', async () => {
    const { sink, outcome } = await runJob(
      host,
      makeJob([step('a', ['true'], { image: 'nope:1', pull: 'never' })]),
    )
    expect(outcome.status).toBe('error')
    expect(outcome.error).toContain('nope:1')
    expect(sink.results.get('a')).toMatchObject({ status: 'error' })
    expect(sink.log('a')).toMatch(/image nope:1 is not .*sandpiper image pull nope:1/)
  })

  it('runs on the host’s tools in exec stages', async () => {
    const exec = { name: 'a', commands: ['command -v sh', 'echo "$HOME"'] } as const
    const { image: _, ...bare } = step(exec.name, exec.commands)
    const { sink, outcome } = await runJob(host, makeJob([bare], { plan: { type: 'exec' } }))
    expect(sink.log('a')).toContain('/sh\n')
    expect(outcome.status).toBe('success')
  })

  it('tells why a checkout failed and skips what needs it', async () => {
    const steps = [
      { kind: 'clone', name: 'clone', dependsOn: [] } as const,
      step('build', ['true'], { dependsOn: ['clone'] }),
    ]
    const workspace = (): Promise<never> => Promise.reject(new Error('no such commit'))
    const { sink, outcome } = await runJob(host, makeJob(steps), { workspace })
    expect(outcome).toEqual({ status: 'error', error: 'step clone: no such commit' })
    expect(sink.log('clone')).toContain('no such commit')
    expect(sink.results.get('build')!.status).toBe('skipped')
  })

  it('waits for output that comes after the step closed its own', async () => {
    const job = makeJob([step('a', ['echo before', 'exec >/dev/null 2>&1', 'sleep 0.2', 'exit 4'])])
    const { sink } = await runJob(host, job)
    expect(sink.log('a')).toContain('\nbefore\n')
    expect(sink.results.get('a')).toMatchObject({ exitCode: 4 })
  })

  it('kills a daemonized child with its step, and takes what it printed', async () => {
    const job = makeJob([
      step('a', [
        `(setsid sh -c 'trap "" TERM HUP; echo daemon; touch up; sleep 1000' &)`,
        'while [ ! -e up ]; do sleep 0.01; done',
      ]),
    ])
    const { sink, outcome } = await runJob(host, job)
    expect(outcome.status).toBe('success')
    expect(sink.log('a')).toContain('\ndaemon\n')
  })

  it('stops on cancellation: asks, waits, kills', async () => {
    const controller = new AbortController()
    const job = makeJob([
      step('deaf', [`trap '' TERM`, 'echo ready', 'while true; do sleep 0.05; done']),
      step('later', ['true'], { dependsOn: ['deaf'] }),
    ])
    const { sink, outcome } = await runJob(host, job, {
      signal: controller.signal,
      onOutput: (_, log) => {
        if (log.includes('\nready\n')) controller.abort(cancelled)
      },
    })
    expect(outcome).toEqual({ status: 'killed', error: 'cancelled: by ada' })
    expect(sink.results.get('deaf')).toMatchObject({ status: 'killed', exitCode: 137 })
    expect(sink.results.get('later')!.status).toBe('skipped')
    expect(await leftOnDisk()).toEqual([])
  })

  it('lets a step tidy up when it is cancelled', async () => {
    const controller = new AbortController()
    const job = makeJob([
      step('polite', [
        `trap 'echo tidied; exit 0' TERM`,
        'echo ready',
        'while true; do sleep 0.05; done',
      ]),
    ])
    const { sink } = await runJob(host, job, {
      signal: controller.signal,
      onOutput: (_, log) => {
        if (log.includes('\nready\n')) controller.abort(cancelled)
      },
    })
    expect(sink.log('polite')).toContain('tidied\n')
    expect(sink.results.get('polite')!.status).toBe('killed')
  })

  it('runs nothing when it was cancelled before it began', async () => {
    const signal = AbortSignal.abort(cancelled)
    const { sink, outcome } = await runJob(host, makeJob([step('a', ['true'])]), { signal })
    expect(outcome.status).toBe('killed')
    expect(sink.events).toEqual(['end a'])
  })

  it('names the time limit of the stage', async () => {
    const job = makeJob([step('a', ['sleep 1000'])], { timeoutMs: 700 })
    const { sink, outcome } = await runJob(host, job)
    expect(outcome).toEqual({ status: 'killed', error: 'killed: time limit 700ms' })
    expect(sink.results.get('a')).toMatchObject({ error: 'killed: time limit 700ms' })
    expect(sink.log('a')).toContain('[sandpiper] killed: time limit 700ms\n')
  })

  it('spools 200 MB of output in bounded memory', async () => {
    const big = await openTestHost({ outputBytes: 1e9, outputLines: 1e9 })
    const job = makeJob([step('a', [`yes ${'x'.repeat(999)} | head -c 200000000`])])
    const file = path.join(big.directory, 'a.ndjson')
    const spool = new StepSpool({ file, now: () => 0, onGrow: () => undefined })
    const before = process.memoryUsage().rss
    let most = 0
    const sink: StageSink = {
      stepStarted: () => undefined,
      output: (_, data) => {
        most = Math.max(most, process.memoryUsage().rss - before)
        return spool.write(data)
      },
      stepFinished: () => Promise.resolve(),
    }
    const workspace = (): Promise<never> => Promise.reject(new Error('unused'))
    const { signal } = new AbortController()
    const outcome = await runStage(job, { ...big.host.deps, workspace }, sink, signal)
    const { lines } = await spool.end()
    await spool.close()
    await big.remove()
    expect(outcome.status).toBe('success')
    // One line more: the trace of the command. A line that comes in two pieces may take two records.
    expect(lines).toBeGreaterThanOrEqual(200_001)
    expect(most).toBeLessThan(150e6)
  })

  it('keeps its directories out of reach of others', async () => {
    const { stages } = host.host.dataDir
    await mkdir(stages, { recursive: true })
    expect((await stat(stages)).mode & 0o777).toBe(0o700)
  })
})

describe('limits', () => {
  let small: TestHost

  beforeAll(async () => {
    small = await openTestHost({
      memoryBytes: 64 * 1024 ** 2,
      pids: 32,
      outputBytes: 1024 ** 2,
      stepTimeoutMs: 15_000,
    })
  })

  afterAll(() => small.remove())

  it('names the memory limit and the peak', async () => {
    const job = makeJob([step('hog', ['tail -c 500000000 /dev/zero'])])
    const { sink } = await runJob(small, job)
    expect(sink.results.get('hog')!.error).toMatch(/^killed: memory limit 64 MiB, peak [\d.]+ MiB$/)
  })

  it('warns of a process that was killed at the memory limit in a step that passed', async () => {
    const hog = 'tail -c 500000000 /dev/zero || printf survived'
    const { sink, outcome } = await runJob(small, makeJob([step('a', [hog])]))
    expect(outcome.status).toBe('success')
    expect(sink.log('a')).toMatch(
      /survived\n\[sandpiper\] warning: a process was killed at the memory limit of 64 MiB \(peak [\d.]+ MiB\)\n$/,
    )
  })

  it('names the pids limit of a fork bomb', async () => {
    const job = makeJob([step('bomb', ['for i in $(seq 10000); do sleep 1000 & done'])])
    const { sink } = await runJob(small, job)
    const { error } = sink.results.get('bomb')!
    expect(error).toMatch(
      /^failed: exit code \d+; the pids limit of 32 (\(peak 32\) )?was reached$/,
    )
  })

  it('names the output limit and cuts the log there', async () => {
    const { sink } = await runJob(small, makeJob([step('loud', ['yes'])]))
    expect(sink.results.get('loud')).toMatchObject({
      status: 'killed',
      error: 'killed: output limit 1 MiB',
    })
    const log = sink.log('loud')
    expect(log.endsWith('[sandpiper] killed: output limit 1 MiB\n')).toBe(true)
    expect(log.length).toBeLessThan(1024 ** 2 + 100)
  })

  it('lets the others of the stage go on', async () => {
    const job = makeJob([step('loud', ['yes']), step('fine', ['sleep 0.3', 'echo fine'])])
    const { sink } = await runJob(small, job)
    expect(sink.results.get('fine')!.status).toBe('success')
  })
})
