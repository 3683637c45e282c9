import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { PassThrough, type Readable } from 'node:stream'
import { afterEach, describe, expect, it } from '@jest/globals'
import { readOutput } from './read-output.js'

/** Process groups of tests, whose programs outlive their shells. */
const groups: number[] = []

afterEach(() => {
  for (const group of groups.splice(0)) process.kill(-group, 'SIGKILL')
})

/** A shell whose output others may still hold when it has exited. */
function shell(script: string): { readonly output: Readable; readonly ended: Promise<unknown> } {
  const child = spawn('sh', ['-c', `sleep 1000 >/dev/null 2>&1 & ${script}`], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  groups.push(child.pid!)
  return { output: child.stdout, ended: once(child, 'exit') }
}

async function bytesOf(
  chunks: AsyncIterable<Buffer>,
  take: (bytes: number) => Promise<void> | void = () => undefined,
): Promise<number> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    await take(bytes)
  }
  return bytes
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe('readOutput', () => {
  it('ends when the step has, with all it wrote, though another holds its output', async () => {
    const { output, ended } = shell('head -c 60000 /dev/zero; sleep 1000 &')
    expect(await bytesOf(readOutput(output, ended))).toBe(60_000)
    expect(output.destroyed).toBe(true)
  })

  it('takes all that was written also by a consumer slower than it waits', async () => {
    const { output, ended } = shell('head -c 200000 /dev/zero; sleep 1000 &')
    const taken = bytesOf(readOutput(output, ended), () => pause(600))
    expect(await taken).toBe(200_000)
  })

  it('takes all that was written while the event loop was held up for longer than it waits', async () => {
    const { output } = shell('sleep 0.2; head -c 60000 /dev/zero; sleep 1000 &')
    const taken = bytesOf(readOutput(output, Promise.resolve()))
    // After an immediate the loop runs timers first, and reads then.
    await new Promise(setImmediate)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
    expect(await taken).toBe(60_000)
  })

  it.each([
    ['floods it', 'yes &'],
    ['writes a little again and again', '(while :; do echo x; sleep 0.05; done) &'],
  ])('ends when who holds the output %s', async (_what, script) => {
    const { output, ended } = shell(script)
    let atEnd: number | undefined
    let bytes = 0
    const told = ended.then(() => (atEnd = bytes))
    for await (const chunk of readOutput(output, told)) bytes += chunk.length
    expect(bytes - atEnd!).toBeLessThan(3 * 1024 * 1024)
  })

  it('takes what comes after the end has been told, and the stream’s own end', async () => {
    const output = new PassThrough()
    const chunks = readOutput(output, Promise.resolve())
    const first = chunks.next()
    await pause(10)
    output.end('last')
    expect((await first).value).toEqual(Buffer.from('last'))
    expect(await chunks.next()).toMatchObject({ done: true })
  })

  it('waits for as long as the step lives', async () => {
    const { output, ended } = shell('sleep 0.8; echo late')
    expect(await bytesOf(readOutput(output, ended))).toBe(5)
  })

  it('passes on that the output can not be read', async () => {
    const output = new Socket()
    const taken = bytesOf(readOutput(output, new Promise(() => undefined)))
    output.destroy(new Error('bad descriptor'))
    await expect(taken).rejects.toThrow('bad descriptor')
  })
})
