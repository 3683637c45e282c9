import { spawnSync } from 'node:child_process'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { generateScript } from '../../pipelines/script/generate-script.js'
import {
  FENCE,
  SECTION_MARK_END,
  sectionMarkStart,
  SHOWN,
} from '../../pipelines/script/section-mark.js'
import { LOG_STREAMS, type LogStream } from '../../protocol/log-record.js'
import { StepLog } from './step-log.js'

interface Open {
  readonly log: StepLog
  /** What came, by the command that it belongs to (-1: none), and each command's streams one after the other. */
  readonly commands: Map<number, Record<LogStream, string>>
  /** All of it as it came. */
  readonly text: () => string
}

/** @param isShown whether nothing may come before the command itself */
function open(isShown = false): Open {
  const commands = new Map<number, Record<LogStream, string>>()
  let [current, text] = [-1, '']
  const log = new StepLog(
    (data, stream) => {
      const own = commands.get(current) ?? { stdout: '', stderr: '' }
      if (stream === 'stderr' && isShown) expect(own.stdout).toContain('\n')
      own[stream] += data.toString()
      text += data.toString()
      commands.set(current, own)
      return undefined
    },
    ({ command }) => (current = command),
  )
  return { log, commands, text: () => text }
}

/** Writes chunks of both streams in an order of the caller's, as far as that is possible: a stream may have to wait. */
async function feed(
  log: StepLog,
  chunks: Readonly<Record<LogStream, readonly Buffer[]>>,
  order: readonly LogStream[],
): Promise<void> {
  const rest = { stdout: [...chunks.stdout], stderr: [...chunks.stderr] }
  const waiting = new Map<LogStream, Promise<void>>()
  const next = async (stream: LogStream): Promise<void> => {
    const chunk = rest[stream].shift()
    await (chunk ? log.write(chunk, stream) : log.end(stream))
    waiting.delete(stream)
  }
  for (const stream of [...order, ...LOG_STREAMS]) {
    if (rest[stream].length === 0 || waiting.has(stream)) continue
    waiting.set(stream, next(stream))
    // What has not to wait is done by then.
    await new Promise(setImmediate)
  }
  const drain = async (stream: LogStream): Promise<void> => {
    await waiting.get(stream)
    while (rest[stream].length > 0) await next(stream)
    await next(stream)
  }
  await Promise.all(LOG_STREAMS.map(drain))
}

function cut(text: string, lengths: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text)
  const pieces: Buffer[] = []
  for (let [at, index] = [0, 0]; at < bytes.length; index += 1) {
    const length = lengths[index % lengths.length] ?? bytes.length
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}

describe('the order of what a step prints to its two outputs', () => {
  it('is that of its commands, however the outputs are cut and whichever is read first', async () => {
    const words = fc.array(fc.constantFrom('out ', 'a line\n'), { maxLength: 3 })
    const command = fc.record({ stdout: words, stderr: words })
    const lengths = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 })
    const order = fc.array(fc.constantFrom<LogStream>('stdout', 'stderr'), { maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { minLength: 1, maxLength: 5 }),
        lengths,
        lengths,
        order,
        async (script, outLengths, errorLengths, reading) => {
          const { log, commands } = open(true)
          const start = sectionMarkStart(log.markSecret)
          const expected = script.map(({ stdout, stderr }, index) => ({
            stdout: `+ ${index}\n${stdout.join('')}`,
            stderr: stderr.join(''),
          }))
          const stdout = expected.map(
            (own, index) =>
              `${start}${index};0${SECTION_MARK_END}` +
              own.stdout.replace('\n', `\n${start}${SHOWN}${SECTION_MARK_END}`),
          )
          const stderr = expected.map((own) => `${start}${FENCE}${SECTION_MARK_END}${own.stderr}`)
          const chunks = {
            stdout: cut(stdout.join(''), outLengths),
            stderr: cut(stderr.join(''), errorLengths),
          }
          await feed(log, chunks, reading)
          expect([...commands]).toEqual([...expected.entries()])
        },
      ),
    )
  })

  it.each([
    ['standard error goes to standard output', 'exec 2>&1'],
    ['standard output goes to standard error', 'exec >&2'],
    ['standard error goes nowhere', 'exec 2>/dev/null'],
    ['standard output goes nowhere', 'exec >/dev/null'],
    ['standard error is closed', 'exec 2>&-'],
    ['both are closed', 'exec >&- 2>&-'],
  ])('does not hold a script up whose %s', async (_, redirect) => {
    for (const shell of [['/bin/dash'], ['/bin/busybox', 'sh'], ['/bin/bash', '--posix']]) {
      const { log, text } = open()
      const commands = [
        'echo one',
        redirect,
        'for i in 1 2; do',
        'echo two; echo three >&2',
        'done',
      ]
      const script = generateScript(commands, log.markSecret)
      const [program = '', ...args] = shell
      const ran = spawnSync(program, [...args, '-c', script], { encoding: 'utf8' })
      const chunks = { stdout: [Buffer.from(ran.stdout)], stderr: [Buffer.from(ran.stderr)] }
      await feed(log, chunks, ['stdout', 'stderr'])
      expect(text()).toMatch(/^\+ echo one\none\n\+ exec/)
      expect(text()).not.toContain(log.markSecret)
    }
  })

  it('waits for an output that has been redirected a second at most, and not again', async () => {
    const { log, commands } = open()
    const mark = (index: number) =>
      `${sectionMarkStart(log.markSecret)}${index};0${SECTION_MARK_END}+ ${index}\n`
    await log.write(Buffer.from(mark(0)), 'stdout')
    expect(log.write(Buffer.from(mark(1)), 'stdout')).toBeUndefined()
    await log.write(Buffer.from('of somebody in the background\n'), 'stderr')
    expect([...commands]).toEqual([
      [0, { stdout: '+ 0\n', stderr: '' }],
      [1, { stdout: '+ 1\n', stderr: 'of somebody in the background\n' }],
    ])
  })

  it('shows nothing of the marks in a trace of the shell', () => {
    for (const shell of ['/bin/dash', '/bin/bash']) {
      const commands = ['set -x', 'echo one', 'exec 3>&1; echo two >&3']
      const script = generateScript(commands, 'SECRET')
      const { stdout, stderr } = spawnSync(shell, ['-e', '-c', script], { encoding: 'utf8' })
      const fence = `${sectionMarkStart('SECRET')}${FENCE}${SECTION_MARK_END}`
      expect(stderr.replaceAll(fence, '')).toBe('+ echo one\n+ exec\n+ echo two\n')
      expect(stdout).toContain('one\n')
      expect(stdout).toContain('two\n')
    }
  })
})
