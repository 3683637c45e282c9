import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseEventStream, type ServerSentEvent } from './event-stream.js'

async function parse(chunks: readonly Uint8Array[]): Promise<ServerSentEvent[]> {
  async function* body(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield await Promise.resolve(chunk)
  }
  const events: ServerSentEvent[] = []
  for await (const event of parseEventStream(body())) events.push(event)
  return events
}

const STREAM = [
  ': a comment\n',
  'id: 0\ndata: {"out":"é\\n"}\n\n',
  'id: 1\r\ndata: first\r\ndata: second\r\n\r\n',
  'event: ping\n\n',
  'event: end\ndata: over\n\n',
  'id: 9\ndata: cut off',
].join('')

const EVENTS = [
  { event: 'message', data: '{"out":"é\\n"}', id: '0' },
  { event: 'message', data: 'first\nsecond', id: '1' },
  { event: 'end', data: 'over', id: '1' },
]

describe('parseEventStream', () => {
  it('gives whole events and leaves out comments and what was cut off', async () => {
    expect(await parse([Buffer.from(STREAM)])).toEqual(EVENTS)
  })

  it('does not care where the network cuts', async () => {
    const bytes = Buffer.from(STREAM)
    const cuts = fc.array(fc.integer({ min: 1, max: bytes.length - 1 }))
    await fc.assert(
      fc.asyncProperty(cuts, async (positions) => {
        const edges = [0, ...positions.sort((a, b) => a - b), bytes.length]
        const chunks = edges.slice(1).map((end, index) => bytes.subarray(edges[index], end))
        expect(await parse(chunks)).toEqual(EVENTS)
      }),
    )
  })
})
