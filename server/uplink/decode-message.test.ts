import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { UplinkMessage } from '../../protocol/uplink.js'
import { encodeUplinkEntry } from '../../protocol/uplink.js'
import { decodeEntry } from './decode-message.js'

const ref = { stageId: 1, attempt: 1 }
const log = { bytes: 1, lines: 1, sha256: 'x' }
const end = { status: 'success', error: '', at: 1 } as const
const MESSAGES: readonly UplinkMessage[] = [
  { type: 'stage.started', ...ref, machine: 'm', at: 1 },
  { type: 'step.started', ...ref, step: 1, at: 1 },
  { type: 'log', ...ref, step: 1, offset: 0, data: 'ü\n' },
  { type: 'step.finished', ...ref, ...end, step: 1, exitCode: 0, usage: null, log },
  { type: 'stage.finished', ...ref, ...end },
  { type: 'stage.abandoned', ...ref, reason: 'r' },
  { type: 'heartbeat', machine: 'm', stages: [ref] },
  {
    ...{ type: 'step.finished', ...ref, ...end, step: 1, exitCode: 0, log },
    ...{ usage: { cpuMs: 1.5, memoryPeakBytes: 2, wallMs: 3 }, series: [[1, null, 3]] },
  },
]

function decoded(body: unknown): unknown {
  return decodeEntry(['session', 's', 'seq', '1', 'body', JSON.stringify(body)])?.message
}

describe('decoding an uplink entry', () => {
  it.each(MESSAGES.map((message) => [message.type, message] as const))(
    'gives back a %s message',
    (_type, message) => {
      const fields = encodeUplinkEntry({ session: 's', seq: 7, message })
      expect(decodeEntry(fields)).toEqual({ session: 's', seq: 7, message })
    },
  )

  it('refuses every message one of whose fields is missing or of the wrong kind', () => {
    for (const message of MESSAGES) {
      for (const field of Object.keys(message).filter((name) => name !== 'data')) {
        if (field === 'series') continue
        const { [field]: _gone, ...rest } = message as unknown as Record<string, unknown>
        expect([message.type, field, decoded(rest)]).toEqual([message.type, field, null])
        const wrong = { ...message, [field]: { no: 'such' } }
        expect([message.type, field, decoded(wrong)]).toEqual([message.type, field, null])
      }
    }
  })

  it('refuses a series that is none or too long', () => {
    const finished = MESSAGES.at(-1)!
    expect(decoded(finished)).not.toBeNull()
    const long = Array.from({ length: 121 }, () => [1])
    for (const series of [7, [1], [[-1]], [['1']], [[null]], [Array(11).fill(1)], long]) {
      expect(decoded({ ...finished, series })).toBeNull()
    }
  })

  it('drops usage that is none from a heartbeat, and takes the heartbeat all the same', () => {
    const totals = { cpuMs: 1, memoryPeakBytes: 2, wallMs: 3 }
    const sound = { ...ref, step: 1, totals, series: [[1, 2]] }
    const heartbeat = { type: 'heartbeat', machine: 'm', stages: [ref] }
    const usage = [sound, 7, { ...sound, step: -1 }, { ...sound, totals: { cpuMs: 'x' } }]
    expect(decoded({ ...heartbeat, usage })).toEqual({ ...heartbeat, usage: [sound] })
    expect(decoded({ ...heartbeat, usage: 'none' })).toEqual(heartbeat)
  })

  it('refuses numbers that name no row, and an end that is none', () => {
    const [started] = MESSAGES
    for (const stageId of [-1, 1.5, 1e300, '1', null]) {
      expect(decoded({ ...started, stageId })).toBeNull()
    }
    expect(decoded({ type: 'stage.finished', ...ref, ...end, status: 'running' })).toBeNull()
  })

  it('cuts texts that are too long', () => {
    const message = decoded({ type: 'stage.finished', ...ref, ...end, error: 'x'.repeat(1e5) })
    expect(message).toMatchObject({ error: 'x'.repeat(4_000) })
  })

  it('never throws, and tells the place in the order whenever it is there', () => {
    const field = fc.oneof(
      fc.constantFrom('session', 'seq', 'body', 'data', '1', '{}'),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(field), (fields) => {
        const entry = decodeEntry(fields)
        if (entry) expect(entry.seq).toBeGreaterThan(0)
      }),
    )
    expect(decodeEntry(['session', 's', 'seq', '3', 'body', 'no json'])).toEqual({
      session: 's',
      seq: 3,
      message: null,
    })
  })
})
