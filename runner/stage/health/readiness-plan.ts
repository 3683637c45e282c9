import type { HealthcheckPlan, SandboxStep } from '../../../pipelines/plan.js'
import { impliedHealthcheck } from '../../../pipelines/schema/healthcheck-shape.js'
import type { StepRoot } from '../step-root.js'

/** How it is found out that a detached step can be used. */
export interface ReadinessPlan extends Omit<HealthcheckPlan, 'port'> {
  /** Passes when something listens on one of these TCP ports. Not together with `command`. */
  readonly ports?: readonly number[]
  /** It is the image that says so. */
  readonly ofImage?: true
}

/** While others wait an image's own interval, 30 s as a rule, would be too long. */
const INTERVAL_MS_MAX = 1000

/**
 * What the step says, else what its image says of the program that it runs: its HEALTHCHECK, or one of the
 * ports that it exposes. What an image says is no promise of the pipeline's, so that it holds nobody up for
 * good. Null for steps that nobody waits for.
 */
export function readinessPlan(
  step: SandboxStep,
  { readiness }: Pick<StepRoot, 'readiness'>,
): ReadinessPlan | null {
  if (!step.detach) return null
  if (step.healthcheck !== undefined) {
    const { port, ...plan } = step.healthcheck
    return port === undefined ? plan : { ...plan, ports: [port] }
  }
  if (step.kind !== 'entrypoint' || step.entrypoint !== undefined) return null
  const { healthcheck, ports = [] } = readiness
  if (healthcheck !== undefined) {
    const intervalMs = Math.min(healthcheck.intervalMs, INTERVAL_MS_MAX)
    const retries = Math.ceil((healthcheck.retries * healthcheck.intervalMs) / intervalMs)
    return { ...healthcheck, intervalMs, retries, implied: true, ofImage: true }
  }
  const [first] = ports
  if (first === undefined) return null
  const { port: _, ...plan } = impliedHealthcheck(first)
  return { ...plan, ports, ofImage: true }
}
