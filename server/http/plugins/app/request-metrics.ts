import type { Metrics } from '../../../metrics/metrics.js'
import type { App } from '../../app-types.js'

/** Counts and times every request once it has been answered, by the pattern of its route. */
export function requestMetrics(app: App, metrics: Metrics): void {
  app.addHook('onResponse', ({ method, routeOptions }, { statusCode, elapsedTime }, done) => {
    const route = routeOptions.url ?? 'none'
    metrics.request({ method, route, status: statusCode, durationMs: elapsedTime })
    done()
  })
}
