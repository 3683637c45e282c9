import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { CliIo } from '../io.js'
import { started } from './serve.js'

const program = path.resolve(__dirname, '../../bin/sandpiper')

function signals(): { io: CliIo; stop: AbortController; abort: AbortController } {
  const stop = new AbortController()
  const abort = new AbortController()
  return { io: { stop: stop.signal, abort: abort.signal } as CliIo, stop, abort }
}

const never = new Promise<never>(() => undefined)

describe('started', () => {
  it('gives what has been started, or its error', async () => {
    const { io } = signals()
    expect(await started(Promise.resolve('up'), io)).toBe('up')
    await expect(started(Promise.reject(new Error('no port')), io)).rejects.toThrow('no port')
  })

  it('waits a moment after the first signal, so that what comes up can be ended in good order', async () => {
    const { io, stop } = signals()
    let up: (value: string) => void = () => undefined
    const starting = started(new Promise<string>((resolve) => (up = resolve)), io)
    stop.abort()
    up('up')
    expect(await starting).toBe('up')
  })

  it('waits no more after the second signal', async () => {
    const { io, stop, abort } = signals()
    const starting = started(never, io)
    stop.abort(new Error('interrupted'))
    abort.abort()
    await expect(starting).rejects.toThrow('interrupted')
  })
})

describe('sandpiper server', () => {
  let dir: string

  beforeEach(async () => {
    dir = await mkdtemp(path.join(os.tmpdir(), 'sp-test-serve-'))
  })

  afterEach(() => rm(dir, { recursive: true, force: true }))

  it('warns of nothing, and takes its address and its process id away when it ends', async () => {
    const args = [program, 'server', '--data', dir, '--listen', '127.0.0.1:0']
    const child = spawn(process.execPath, args, {
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stderr = ''
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
    await once(child.stdout, 'data')
    expect(await readdir(dir)).toEqual(expect.arrayContaining(['address', 'server.pid']))
    child.kill('SIGTERM')
    const [code] = (await once(child, 'close')) as [number | null]
    expect(code).toBe(0)
    expect(stderr).not.toMatch(/warning/i)
    const left = await readdir(dir)
    expect(left).not.toContain('address')
    expect(left).not.toContain('server.pid')
  })
})
