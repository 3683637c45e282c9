/** One server-sent event. */
export interface ServerSentEvent {
  /** `message` when the stream names none. */
  readonly event: string
  readonly data: string
  /** Last id seen so far, which a reconnecting client sends back; empty when there was none. */
  readonly id: string
}

/**
 * Parses a `text/event-stream` body as the HTML standard says (9.2.6, "Interpreting an event stream").
 * An event that the connection cut short is not given.
 */
export async function* parseEventStream(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  let block = emptyBlock('')
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line !== '') {
        readField(block, line)
        continue
      }
      if (block.data.length > 0) {
        yield { event: block.event || 'message', data: block.data.join('\n'), id: block.id }
      }
      block = emptyBlock(block.id)
    }
  }
}

interface Block {
  event: string
  data: string[]
  id: string
}

function emptyBlock(id: string): Block {
  return { event: '', data: [], id }
}

function readField(block: Block, line: string): void {
  const colon = line.indexOf(':')
  if (colon === 0) return
  const name = colon < 0 ? line : line.slice(0, colon)
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
  if (name === 'event') block.event = value
  if (name === 'data') block.data.push(value)
  if (name === 'id' && !value.includes('\0')) block.id = value
}
