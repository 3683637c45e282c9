import { PassThrough } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import type { ExecSpec, SandboxProcess } from '../../../native/lib/types.js'
import { checkCommand } from './check-command.js'

const SPEC: ExecSpec = { argv: ['/bin/true'], env: {}, cwd: '/' }

/** A process that ends when it is killed. */
function endless(onKill: () => void): SandboxProcess {
  const output = new PassThrough()
  let end: (exit: Awaited<SandboxProcess['exit']>) => void
  const exit = new Promise<Awaited<SandboxProcess['exit']>>((resolve) => (end = resolve))
  const kill = (): void => {
    output.end('last words')
    end({ code: null, signal: 9 })
    onKill()
  }
  return { output, exit, kill }
}

describe('checkCommand', () => {
  it('has failed when it can not be started in time, and tells the sandbox so', async () => {
    let signal: AbortSignal | undefined
    const exec = (spec: ExecSpec & { readonly signal?: AbortSignal }): Promise<SandboxProcess> => {
      signal = spec.signal
      return new Promise(() => undefined)
    }
    const failure = await checkCommand({ exec }, SPEC, 50)
    expect(failure).toEqual({ reason: 'no result in 50ms', output: '' })
    expect(signal?.aborted).toBe(true)
  })

  it('ends what is started too late', async () => {
    let start: (process: SandboxProcess) => void = () => undefined
    const exec = (): Promise<SandboxProcess> => new Promise((resolve) => (start = resolve))
    expect(await checkCommand({ exec }, SPEC, 10)).not.toBeNull()
    const late = new Promise<void>((resolve) => start(endless(resolve)))
    await late
  })

  it('ends what runs for too long and tells what it printed', async () => {
    const exec = (): Promise<SandboxProcess> => Promise.resolve(endless(() => undefined))
    expect(await checkCommand({ exec }, SPEC, 10)).toMatchObject({ output: 'last words' })
  })
})
