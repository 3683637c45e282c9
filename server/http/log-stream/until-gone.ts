import type { ServerResponse } from 'node:http'

/** A signal that is aborted when the response is over, whoever ended it, or when the server closes. */
export function untilGone(response: ServerResponse, closing: AbortSignal): AbortSignal {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  closing.addEventListener('abort', abort)
  response.once('close', () => {
    closing.removeEventListener('abort', abort)
    abort()
  })
  if (closing.aborted || response.destroyed) abort()
  return controller.signal
}
