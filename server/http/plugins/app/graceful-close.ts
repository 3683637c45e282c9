import type { App } from '../../app-types.js'
import { CLOSE_GRACE_MS } from '../../limits.js'

/**
 * Ends followed logs when the server closes; a viewer that does not even read the end is cut off after
 * the grace time. @returns the signal that tells followers
 */
export function gracefulClose(app: App): AbortSignal {
  const controller = new AbortController()
  app.addHook('preClose', (done) => {
    controller.abort()
    const cut = setTimeout(() => {
      app.server.closeAllConnections()
    }, CLOSE_GRACE_MS)
    app.server.once('close', () => {
      clearTimeout(cut)
    })
    // Never listened (inject only): there is no close event to wait for.
    cut.unref()
    done()
  })
  return controller.signal
}
