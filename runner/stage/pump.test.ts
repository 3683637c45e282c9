import { Readable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { SandboxExit } from '../../native/lib/types.js'
import { DEFAULT_LIMITS } from '../config.js'
import { OutputMeter } from './output-meter.js'
import { pumpOutput } from './pump.js'

interface Pumped {
  readonly text: string
  readonly limits: string[]
  readonly failures: unknown[]
}

async function pump(
  chunks: readonly string[],
  limits: { outputBytes?: number; outputLines?: number } = {},
  write?: (data: Buffer) => Promise<void> | undefined,
  errors: readonly string[] | null = null,
): Promise<Pumped> {
  const taken: Buffer[] = []
  const told = { limits: [] as string[], failures: [] as unknown[] }
  const sandbox = {
    output: streamOf(chunks),
    errors: errors && streamOf(errors),
    exit: new Promise<SandboxExit>(() => undefined),
  }
  await pumpOutput(sandbox, {
    limits: { ...DEFAULT_LIMITS, ...limits },
    onLimit: (limit) => told.limits.push(limit),
    onFailure: (error) => told.failures.push(error),
    log: {
      write: (data) => {
        taken.push(data)
        return write?.(data)
      },
      end: () => Promise.resolve(),
    },
  })
  return { text: Buffer.concat(taken).toString(), ...told }
}

function streamOf(chunks: readonly string[]): Readable {
  return Readable.from(chunks.map((text) => Buffer.from(text)))
}

describe('pumpOutput', () => {
  it('takes everything to the end', async () => {
    expect(await pump(['a\n', 'b'])).toMatchObject({ text: 'a\nb', limits: [] })
  })

  it('cuts at the byte limit, tells it once and reads the rest', async () => {
    const pumped = await pump(['abcd', 'efgh', 'ijkl'], { outputBytes: 6 })
    expect(pumped).toMatchObject({ text: 'abcdef', limits: ['6 B'] })
  })

  it('is content with exactly as much as the limit', async () => {
    expect((await pump(['abcd', 'ef'], { outputBytes: 6 })).limits).toEqual([])
  })

  it('cuts at the line limit', async () => {
    const pumped = await pump(['1\n2\n', '3\n4\n'], { outputLines: 2 })
    expect(pumped).toMatchObject({ text: '1\n2\n3', limits: ['2 lines'] })
  })

  it('counts both outputs together and tells a limit or a failure once', async () => {
    const both = await pump(['aaaa', 'bb'], { outputBytes: 6 }, undefined, ['cccc', 'dd'])
    expect(both.text).toHaveLength(6)
    expect(both.limits).toEqual(['6 B'])
    const failing = await pump(['a'], {}, () => Promise.reject(new Error('disk full')), ['b'])
    expect(failing.failures).toEqual([new Error('disk full')])
  })

  it('waits while the sink is full', async () => {
    let isFull = false
    let overruns = 0
    await pump(['a', 'b', 'c'], {}, () => {
      if (isFull) overruns++
      isFull = true
      return new Promise((resolve) =>
        setTimeout(() => {
          isFull = false
          resolve()
        }, 5),
      )
    })
    expect(overruns).toBe(0)
  })

  it('reads on after the sink has failed, and tells it once', async () => {
    const pumped = await pump(['a', 'b', 'c'], {}, () => Promise.reject(new Error('disk full')))
    expect(pumped.failures).toEqual([new Error('disk full')])
    expect(pumped.text).toBe('a')
  })
})

describe('OutputMeter', () => {
  it('lets the same bytes pass however they are cut', () => {
    const chunks = fc.array(fc.string({ unit: fc.constantFrom('x', '\n') }))
    fc.assert(
      fc.property(chunks, fc.nat(30), fc.nat(10), (parts, outputBytes, outputLines) => {
        const passed = (pieces: string[]): string => {
          const meter = new OutputMeter({ outputBytes, outputLines })
          let text = ''
          for (const piece of pieces) {
            if (!meter.breached) text += piece.slice(0, meter.take(Buffer.from(piece)))
          }
          return text
        }
        expect(passed(parts)).toBe(passed([parts.join('')]))
      }),
    )
  })
})
