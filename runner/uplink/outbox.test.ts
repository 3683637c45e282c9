import { describe, expect, it } from '@jest/globals'
import type { UplinkMessage } from '../../protocol/uplink.js'
import { Outbox, WINDOW_MESSAGES_MAX } from './outbox.js'

const heartbeat: UplinkMessage = { type: 'heartbeat', machine: 'm', stages: [] }
const log = (bytes: number): UplinkMessage => ({
  type: 'log',
  stageId: 1,
  attempt: 1,
  step: 1,
  offset: 0,
  data: 'x'.repeat(bytes),
})

const seqs = (entries: readonly { seq: number }[]): number[] => entries.map(({ seq }) => seq)

describe('Outbox', () => {
  it('numbers messages from 1 without gaps', () => {
    const outbox = new Outbox()
    expect([outbox.add(heartbeat).seq, outbox.add(log(1)).seq]).toEqual([1, 2])
    expect(outbox.lastSeq).toBe(2)
  })

  it('keeps what is not acknowledged, and that only', () => {
    const outbox = new Outbox()
    for (let index = 0; index < 4; index++) outbox.add(heartbeat)
    expect(outbox.acknowledge(3)).toBe(true)
    expect(outbox.oldest?.seq).toBe(4)
    expect(outbox.size).toBe(1)
  })

  it('ignores acknowledgements that are old or of numbers never given', () => {
    const outbox = new Outbox()
    outbox.add(heartbeat)
    expect(outbox.acknowledge(0)).toBe(false)
    expect(outbox.acknowledge(2)).toBe(false)
    expect(outbox.acknowledge(Number.NaN)).toBe(false)
    expect(outbox.size).toBe(1)
    expect(outbox.acknowledge(1)).toBe(true)
    expect(outbox.acknowledge(1)).toBe(false)
  })

  it('has room for 4 MiB of log and for 1,000 messages', () => {
    const outbox = new Outbox()
    for (let index = 0; index < 64; index++) {
      expect(outbox.hasRoom).toBe(true)
      outbox.add(log(64 * 1024))
    }
    expect(outbox.hasRoom).toBe(false)
    outbox.acknowledge(1)
    expect(outbox.hasRoom).toBe(true)
    for (let index = outbox.size; index < WINDOW_MESSAGES_MAX; index++) outbox.add(log(0))
    expect(outbox.hasRoom).toBe(false)
  })

  it('gives what is not on the stream in order and in batches', () => {
    const outbox = new Outbox()
    for (let index = 0; index < 4; index++)
      outbox.add(log(100)).streamId = index === 1 ? '1-1' : null
    expect(seqs(outbox.unsent(150))).toEqual([1, 3])
    outbox.markAllUnsent()
    expect(seqs(outbox.unsent(1e6))).toEqual([1, 2, 3, 4])
  })
})
