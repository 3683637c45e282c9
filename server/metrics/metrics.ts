import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client'
import type { Observation } from './observation.js'

/** Buckets in seconds, for what is in a hurry and for what takes its time. */
const QUICK = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const LONG = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200]
const WAIT = [0.01, 0.05, 0.1, 0.5, ...LONG]

/**
 * Counts and durations of what this process has seen, to be added up over servers. Names are those of
 * https://prometheus.io/docs/practices/naming/: seconds, bytes, `_total`.
 */
export class Metrics {
  readonly registry = new Registry()
  readonly #queueWait = this.#histogram(
    'queue_wait_seconds',
    'Time that stages waited for a runner',
    WAIT,
  )
  readonly #builds = this.#histogram(
    'build_duration_seconds',
    'Time from the first start of a stage to the end of the build',
    LONG,
    'status',
  )
  readonly #stages = this.#histogram(
    'stage_duration_seconds',
    'Time that stages ran',
    LONG,
    'status',
  )
  readonly #steps = this.#histogram('step_duration_seconds', 'Time that steps ran', LONG, 'status')
  readonly #sandboxes = this.#histogram(
    'sandbox_start_seconds',
    'Time from the order to run a step until its program ran',
    QUICK,
  )
  readonly #logLag = this.#histogram(
    'log_lag_seconds',
    'Time from the print of a line until it can be read over HTTP',
    QUICK,
  )
  readonly #requests = this.#histogram(
    'http_request_duration_seconds',
    'Time until requests were answered',
    QUICK,
    'method',
    'route',
    'status',
  )
  readonly #deliveries = new Counter({
    name: 'sandpiper_webhook_deliveries_total',
    help: 'Webhook deliveries that were answered',
    labelNames: ['forge', 'status'],
    registers: [this.registry],
  })

  constructor() {
    collectDefaultMetrics({ register: this.registry })
  }

  /** Takes note of what happened. */
  observe(seen: Observation): void {
    switch (seen.kind) {
      case 'stage.started':
        this.#queueWait.observe(seconds(seen.waitMs))
        break
      case 'step.finished':
        if (seen.startMs !== undefined) this.#sandboxes.observe(seconds(seen.startMs))
        this.#steps.observe({ status: seen.status }, seconds(seen.durationMs))
        break
      case 'stage.finished':
        this.#stages.observe({ status: seen.status }, seconds(seen.durationMs))
        break
      case 'build.finished':
        this.#builds.observe({ status: seen.status }, seconds(seen.durationMs))
        break
      case 'log.readable':
        this.#logLag.observe(seconds(seen.lagMs))
    }
  }

  /** Takes note of an answered request. `route` is its pattern, not its address: there are few of those. */
  request(request: {
    readonly method: string
    readonly route: string
    readonly status: number
    readonly durationMs: number
  }): void {
    const { method, route, status, durationMs } = request
    this.#requests.observe({ method, route, status }, seconds(durationMs))
    const forge = /^\/hooks\/([a-z-]+)$/.exec(route)?.[1]
    if (forge !== undefined) this.#deliveries.inc({ forge, status })
  }

  #histogram(name: string, help: string, buckets: number[], ...labelNames: string[]) {
    const registers = [this.registry]
    return new Histogram({ name: `sandpiper_${name}`, help, buckets, labelNames, registers })
  }
}

/** Clocks of two machines may differ: nothing took less than no time. */
function seconds(ms: number): number {
  return Math.max(0, ms) / 1000
}
