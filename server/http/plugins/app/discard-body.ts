import type { IncomingMessage } from 'node:http'
import type { App } from '../../app-types.js'
import { DISCARDED_BYTES_MAX } from '../../limits.js'

/**
 * Answers only once the request's body has arrived, also when it was refused unread: a connection that
 * is closed while the sender still sends is reset, and the sender may never see the answer. How long
 * that may take is bounded by the request timeout.
 */
export function discardBody(app: App): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const isWhole = await discard(request.raw)
    if (!isWhole) void reply.header('connection', 'close')
    return payload
  })
}

/** Reads and forgets the rest of a body; false when there was no end to it. */
async function discard(body: IncomingMessage): Promise<boolean> {
  if (body.complete || body.readableEnded || body.destroyed) return true
  let bytes = 0
  return new Promise((resolve) => {
    body.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > DISCARDED_BYTES_MAX) resolve(false)
    })
    body.once('end', () => resolve(true))
    body.once('close', () => resolve(true))
    body.resume()
  })
}
